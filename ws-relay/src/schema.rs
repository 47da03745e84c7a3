//! Whether the database is one that this relay works with: asked at its start, until the database has said so.

use crate::database::{Database, NO_PATH};
use crate::migrate::{Fit, State};
use anyhow::{Context, anyhow};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pause between two questions, and between two lines of the log about the same.
const PAUSE: Duration = Duration::from_secs(2);
const REMIND: Duration = Duration::from_secs(60);

/// What is known of it.
#[derive(Default)]
pub struct Schema {
    is_too_old: AtomicBool,
}

impl Schema {
    /// Whether `ws-relay migrate` has to come first: this relay is not ready.
    pub fn is_too_old(&self) -> bool {
        self.is_too_old.load(Ordering::Relaxed)
    }

    /// Returns only when the database is too new for this program, with what to do. One that is too old is waited for.
    pub async fn check(&self, database: &Database) -> anyhow::Error {
        let mut told: Option<Instant> = None;
        loop {
            match look(database).await {
                Ok((Fit::TooNew, advice)) => return anyhow!(advice),
                Ok((Fit::TooOld, advice)) => {
                    self.is_too_old.store(true, Ordering::Relaxed);
                    if told.is_none_or(|at| at.elapsed() >= REMIND) {
                        tracing::error!("the database is older than this relay, which waits: {advice}");
                        told = Some(Instant::now());
                    }
                }
                Ok((fit, advice)) => {
                    self.is_too_old.store(false, Ordering::Relaxed);
                    if told.is_some() || fit != Fit::Same {
                        tracing::info!("the database's version: {advice}");
                    }
                    return pending().await;
                }
                // The others say that it is away.
                Err(e) => tracing::debug!("{e:#}"),
            }
            sleep(PAUSE).await;
        }
    }
}

async fn look(database: &Database) -> anyhow::Result<(Fit, String)> {
    let connection = database.connect().await?;
    connection.client.batch_execute(NO_PATH).await.context("the database went away")?;
    let state = State::read(&connection.client).await?;
    let fit = state.fit()?;
    Ok((fit, state.advice(fit)?))
}

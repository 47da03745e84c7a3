//! The pause between two visits of one host, for every host that is asked: a link's own, where it redirects to, and where its
//! picture is. Whoever writes a page chooses the last two, so one page after another could lead all relays to one host.

use super::queue;
use crate::database::Database;
use anyhow::{Context, ensure};
use std::collections::HashSet;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::sleep;

/// The longest name of a host (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 255;

/// The host has more visitors than it may have. Later it may have room.
#[derive(Debug)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its host is asked too often")
    }
}

impl std::error::Error for Busy {}

/// Says whose turn it is.
pub trait Turns: Send + Sync {
    /// Takes the next turn of a host: how long it is until then; `None`: too long.
    fn take<'a>(&'a self, host: &'a str)
    -> Pin<Box<dyn Future<Output = anyhow::Result<Option<Duration>>> + Send + 'a>>;
}

/// The turns of all relays.
impl Turns for Database {
    fn take<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Option<Duration>>> + Send + 'a>> {
        Box::pin(async move { queue::take_turn(self, host).await.context("turns cannot be taken") })
    }
}

/// The hosts that one look at a link has visited. It is one visit, however many of its addresses a page leads to there: these
/// are bounded by the redirects.
#[derive(Debug, Default)]
pub struct Visited(HashSet<String>);

impl Visited {
    /// Waits for the host's turn. The error is [`Busy`] where that is far away.
    pub async fn wait_for(&mut self, turns: &dyn Turns, host: &str) -> anyhow::Result<()> {
        // However an address spells it.
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        ensure!(host.len() <= MAX_HOST, "its host has a name that is too long");
        if !self.0.contains(&host) {
            sleep(turns.take(&host).await?.ok_or(Busy)?).await;
            self.0.insert(host);
        }
        Ok(())
    }
}

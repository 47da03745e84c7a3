//! Has Matrix told how far our people have read. The app does that, for the receipts that are due; here is decided when.
//!
//! Only the relay that publishes does it. A receipt is a hint: nothing waits for it, and what fails comes again.

use super::call::Messaging;
use super::{RETRY, TICK};
use crate::database::Database;
use crate::metrics::Metrics;
use serde::Deserialize;
use std::sync::Arc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// So many calls follow each other at most before the database is asked again.
const CALLS: usize = 20;

/// The receipts of this relay.
pub struct Receipts {
    /// Which receipts there are.
    pub database: Database,
    /// The app; `None`: Matrix is told nothing.
    pub messaging: Option<Arc<Messaging>>,
    /// The numbers of `GET /metrics`, which tell whether this relay publishes as well.
    pub metrics: Arc<Metrics>,
}

impl Receipts {
    /// Looks for receipts every second until `shutdown`, whenever this relay publishes.
    pub async fn run(self, shutdown: CancellationToken) {
        // Without the app's address the comparison of channels warns.
        let Some(messaging) = &self.messaging else { return };
        let mut is_well = true;
        let send = async {
            loop {
                sleep(TICK).await;
                if self.metrics.publisher_active.get() == 0 {
                    continue;
                }
                let result = self.send(messaging).await;
                match (&result, is_well) {
                    (Err(e), true) => tracing::warn!("Matrix is not told what was read: {e:#}"),
                    (Ok(()), false) => tracing::info!("Matrix is told again what was read"),
                    _ => {}
                }
                is_well = result.is_ok();
                if !is_well {
                    sleep(RETRY).await;
                }
            }
        };
        tokio::select! {
            () = send => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn send(&self, messaging: &Messaging) -> anyhow::Result<()> {
        if !self.are_due().await? {
            return Ok(());
        }
        for _ in 0..CALLS {
            if !messaging.send_receipts().await?.has_more {
                break;
            }
        }
        Ok(())
    }

    async fn are_due(&self) -> anyhow::Result<bool> {
        #[derive(Deserialize)]
        struct Found {
            are_due: bool,
        }
        Ok(self.database.document::<Found>("are_receipts_due()", &[]).await?.are_due)
    }
}

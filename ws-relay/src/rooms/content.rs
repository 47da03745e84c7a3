//! Has the homeserver delete content that nothing shows any more. The app does that, for what is due; here is decided when.
//!
//! Only the relay that publishes does it. Nothing waits for it, and what fails comes again.

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

/// The content to delete.
pub struct Content {
    /// Which content there is.
    pub database: Database,
    /// The app; `None`: nothing is deleted.
    pub messaging: Option<Arc<Messaging>>,
    /// The numbers of `GET /metrics`, which tell whether this relay publishes as well.
    pub metrics: Arc<Metrics>,
}

impl Content {
    /// Looks for content every second until `shutdown`, whenever this relay publishes.
    pub async fn run(self, shutdown: CancellationToken) {
        // Without the app's address the comparison of channels warns.
        let Some(messaging) = &self.messaging else { return };
        let mut is_well = true;
        let delete = async {
            loop {
                sleep(TICK).await;
                if self.metrics.publisher_active.get() == 0 {
                    continue;
                }
                let result = self.delete(messaging).await;
                match (&result, is_well) {
                    (Err(e), true) => tracing::warn!("content of deleted messages waits: {e:#}"),
                    (Ok(()), false) => tracing::info!("content of deleted messages is deleted again"),
                    _ => {}
                }
                is_well = result.is_ok();
                if !is_well {
                    sleep(RETRY).await;
                }
            }
        };
        tokio::select! {
            () = delete => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn delete(&self, messaging: &Messaging) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct Found {
            is_due: bool,
        }
        if !self.database.document::<Found>("is_content_due()", &[]).await?.is_due {
            return Ok(());
        }
        for _ in 0..CALLS {
            if !messaging.delete_content().await?.has_more {
                break;
            }
        }
        Ok(())
    }
}

//! Finds what the links of messages show: fetches their pages and hands on what these say of themselves.
//!
//! Every relay does, each for links that no other has. A guest of the Spin host could not: it connects to names, and who
//! answers for a name may be another one than who was checked. So the guard is here, and each part has one job: `guard`
//! says what is allowed, `connect` goes to nothing else, `turns` leaves each host in peace, `fetch` keeps the bounds, `page` and
//! `image` read what came.

mod connect;
mod fetch;
mod guard;
mod image;
mod page;
mod queue;
mod settings;
#[cfg(test)]
mod tests;
mod turns;

pub use settings::PreviewSettings;

use crate::database::{Database, DatabaseError};
use crate::metrics::{Metrics, PreviewOutcome};
use crate::rooms::Messaging;
use crate::tls;
use anyhow::{Context, ensure};
use connect::{Connector, System};
use fetch::{Budget, fetch};
use messaging_core::preview::{PageSummary, PreviewImage};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use turns::Busy;
use url::Url;

/// The pause between two looks at the queue.
const POLL: Duration = Duration::from_secs(1);
/// Pages under way at most.
const AT_ONCE: usize = 8;
/// In how many messages a page is shown before others have their turn.
const MESSAGES: usize = 100;

/// The previews of this relay.
pub struct Previews {
    /// The database with the queue.
    pub database: Database,
    /// The app, which stores pictures; `None`: previews have none.
    pub messaging: Option<Arc<Messaging>>,
    /// Where it may go besides the rules that hold for all.
    pub settings: PreviewSettings,
    /// The numbers of `GET /metrics`.
    pub metrics: Arc<Metrics>,
}

impl Previews {
    /// Looks for links every second until `shutdown`. What is under way then is left to another relay.
    pub async fn run(self, shutdown: CancellationToken) {
        let finder = match self.finder() {
            Ok(finder) => Arc::new(finder),
            Err(e) => {
                tracing::error!("links show nothing: {e:#}");
                return;
            }
        };
        let mut under_way = JoinSet::new();
        let mut reachable = true;
        while !shutdown.is_cancelled() {
            let result = self.begin(&finder, &mut under_way, &shutdown).await;
            match (&result, reachable) {
                (Err(e), true) => tracing::warn!("the queue of links cannot be read: {e}"),
                (Ok(()), false) => tracing::info!("the queue of links can be read again"),
                _ => {}
            }
            reachable = result.is_ok();
            tokio::select! {
                Some(ended) = under_way.join_next(), if reachable => {
                    if let Err(e) = ended {
                        tracing::error!("looking at the page of a link: {e}");
                    }
                }
                () = sleep(POLL) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    fn finder(&self) -> anyhow::Result<Finder> {
        let tls = Arc::new(tls::verified_by(tls::platform_roots())?);
        Ok(Finder {
            connector: Connector {
                resolver: Arc::new(System),
                test_hosts: self.settings.test_hosts.clone(),
                forbidden: self.settings.forbidden.clone(),
                tls,
                turns: Arc::new(self.database.clone()),
            },
            database: self.database.clone(),
            messaging: self.messaging.clone(),
            metrics: self.metrics.clone(),
        })
    }

    /// Shows the pages that are known, and begins to look for others as far as there is room.
    async fn begin(
        &self,
        finder: &Arc<Finder>,
        under_way: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) -> Result<(), DatabaseError> {
        let room = AT_ONCE.saturating_sub(under_way.len());
        let next = queue::claim(&self.database, room).await?;
        for url in next.claimed {
            let finder = finder.clone();
            under_way.spawn(async move { finder.find(&url).await });
        }
        // One that cannot be shown holds up none of the others.
        let mut result = Ok(());
        for url in next.known {
            if shutdown.is_cancelled() {
                break;
            }
            result = result.and(finder.show(&url).await);
        }
        result
    }
}

/// Finds what a link shows.
struct Finder {
    connector: Connector,
    database: Database,
    messaging: Option<Arc<Messaging>>,
    metrics: Arc<Metrics>,
}

impl Finder {
    async fn find(&self, url: &str) {
        let (page, outcome) = match self.look(url).await {
            Ok(Some(page)) => (Some(page), PreviewOutcome::Found),
            Ok(None) => (None, PreviewOutcome::Empty),
            // It says nothing of the page. A few seconds later it may have its turn.
            Err(e) if e.is::<Busy>() => {
                if let Err(e) = queue::release(&self.database, url).await {
                    tracing::debug!("a link cannot be given back: {e}");
                }
                return;
            }
            Err(e) => {
                // Without the address, which may hold a secret.
                tracing::debug!("the page of a link: {e:#}");
                (None, PreviewOutcome::Failed)
            }
        };
        self.metrics.preview(outcome);
        let recorded = async {
            queue::record(&self.database, url, page.as_ref()).await?;
            self.show(url).await
        };
        // When this is not recorded, another relay looks for it after a while.
        if let Err(e) = recorded.await {
            tracing::warn!("what a link shows cannot be recorded: {e}");
        }
    }

    async fn show(&self, url: &str) -> Result<(), DatabaseError> {
        for _ in 0..MESSAGES {
            let shown = queue::show(&self.database, url).await?;
            self.metrics.previews_shown.inc_by(u64::from(shown.is_shown));
            if !shown.has_more {
                break;
            }
        }
        Ok(())
    }

    /// What the page says of itself; `None` when that is nothing.
    async fn look(&self, link: &str) -> anyhow::Result<Option<PageSummary>> {
        let url = Url::parse(link).context("it is no address")?;
        let mut budget = Budget::new();
        let fetched = fetch(&self.connector, &url, &page::Head, &mut budget).await?;
        // Reading takes its time, and sockets must not wait for it.
        let page = spawn_blocking(move || page::read(&fetched)).await.context("the page could not be read")?;
        let Some(page) = page else { return Ok(None) };
        let mut summary = page.summary;
        if let Some(address) = page.image {
            summary.image = self
                .picture(link, &address, &mut budget)
                .await
                .inspect_err(|e| tracing::debug!("the picture of a link: {e:#}"))
                .ok();
        }
        Ok(Some(summary))
    }

    async fn picture(&self, link: &str, address: &Url, budget: &mut Budget) -> anyhow::Result<PreviewImage> {
        let messaging = self.messaging.as_ref().context("there is no app to store it")?;
        let fetched = fetch(&self.connector, address, &image::Picture, budget).await?;
        ensure!(fetched.is_whole, "it is too large");
        let described = image::describe(&fetched.body).context("it is no picture of a kind that is shown")?;
        let is_allowed = queue::may_store(&self.database, link, fetched.body.len()).await?;
        ensure!(is_allowed, "who has sent the link has brought too many pictures today");
        let stored = messaging.store_preview_image(fetched.body, described.content_type).await?;
        Ok(PreviewImage {
            content_uri: stored.content_uri,
            content_type: described.content_type.to_owned(),
            width: described.width,
            height: described.height,
        })
    }
}

//! Delivers what waits for the webhooks that are subscribed to rooms.
//!
//! Every relay does; what one has claimed no other gets. A delivery has three tries, each with a deadline, and is gone
//! after the last one. A subscription's events go one after the other, subscriptions side by side, and each host has a
//! bounded number under way, so that one that hangs holds up no other.

mod queue;
mod request;

use crate::database::{Database, DatabaseError};
use crate::http_client::{self, HttpClient};
use crate::metrics::{Metrics, WebhookOutcome};
use crate::settings::WebhookSettings;
use messaging_core::webhook::Origin;
use queue::{ATTEMPTS, Claimed, Due};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// The pause between two looks at the queue when nothing notifies of new rows.
const POLL: Duration = Duration::from_secs(1);
/// The pause between two searches for what nobody will deliver any more.
const CLEANUP: Duration = Duration::from_secs(5);
/// Tries under way for one host at most.
const PER_HOST: usize = 8;
/// The pauses after the first and the second failure, in seconds.
const BACKOFF: [i32; 2] = [1, 5];

/// The deliveries of this relay.
pub struct Webhooks {
    /// The database with the queue.
    pub database: Database,
    /// Where webhooks may point, and the token for them.
    pub settings: WebhookSettings,
    /// Told when something was queued.
    pub queued: Arc<Notify>,
    /// The numbers of `GET /metrics`.
    pub metrics: Arc<Metrics>,
}

impl Webhooks {
    /// Delivers until `shutdown`; what is under way then comes to its end.
    pub async fn run(self, shutdown: CancellationToken) {
        let Ok(client) = http_client::new().inspect_err(|e| tracing::error!("no webhook can be called: {e:#}")) else {
            return;
        };
        let mut under_way = UnderWay::default();
        let mut cleanup = Instant::now();
        let mut reachable = true;
        while !shutdown.is_cancelled() {
            let mut result = self.begin(&client, &mut under_way).await;
            if result.is_ok() && cleanup <= Instant::now() {
                result = self.clean_up().await;
                cleanup = Instant::now() + CLEANUP;
            }
            match (&result, reachable) {
                (Err(e), true) => tracing::warn!("the queue of webhooks cannot be read: {e}"),
                (Ok(()), false) => tracing::info!("the queue of webhooks can be read again"),
                _ => {}
            }
            reachable = result.is_ok();
            tokio::select! {
                () = under_way.ended(), if !under_way.tries.is_empty() && reachable => {}
                _ = timeout(POLL, self.queued.notified()) => {}
                () = shutdown.cancelled() => {}
            }
        }
        while !under_way.tries.is_empty() {
            under_way.ended().await;
        }
    }

    /// Begins the tries that are due, as far as their hosts have room.
    async fn begin(&self, client: &HttpClient, under_way: &mut UnderWay) -> Result<(), DatabaseError> {
        let mut ids = Vec::new();
        let mut planned: HashMap<Option<Origin>, usize> = HashMap::new();
        for Due { id, webhook_url } in queue::due(&self.database, PER_HOST).await? {
            let host = Origin::of(&webhook_url);
            let count = planned.entry(host.clone()).or_default();
            if *count + under_way.on(&host) < PER_HOST {
                *count += 1;
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        for delivery in queue::claim(&self.database, &ids).await? {
            let host = Origin::of(&delivery.webhook_url);
            let attempt = Attempt {
                is_allowed: host.as_ref().is_some_and(|host| self.settings.hosts.allows(host)),
                token: self.settings.token.clone(),
                client: client.clone(),
                database: self.database.clone(),
                metrics: self.metrics.clone(),
                delivery,
            };
            under_way.spawn(host, attempt.run());
        }
        Ok(())
    }

    async fn clean_up(&self) -> Result<(), DatabaseError> {
        let gone = queue::expire(&self.database).await?;
        self.metrics.webhook(WebhookOutcome::Failed, gone.failed);
        self.metrics.webhook(WebhookOutcome::Expired, gone.expired);
        if gone.failed + gone.expired > 0 {
            tracing::warn!(
                "webhooks: {} deliveries were lost in their last try, {} waited too long",
                gone.failed,
                gone.expired
            );
        }
        Ok(())
    }
}

/// The tries under way, and how many each host has.
#[derive(Default)]
struct UnderWay {
    tries: JoinSet<Option<Origin>>,
    hosts: HashMap<Option<Origin>, usize>,
}

impl UnderWay {
    fn on(&self, host: &Option<Origin>) -> usize {
        self.hosts.get(host).copied().unwrap_or_default()
    }

    fn spawn(&mut self, host: Option<Origin>, attempt: impl Future<Output = ()> + Send + 'static) {
        *self.hosts.entry(host.clone()).or_default() += 1;
        self.tries.spawn(async move {
            attempt.await;
            host
        });
    }

    /// Waits for the end of one; cancellation loses nothing.
    async fn ended(&mut self) {
        match self.tries.join_next().await {
            Some(Ok(host)) => {
                if let Some(count) = self.hosts.get_mut(&host) {
                    *count -= 1;
                }
                self.hosts.retain(|_, count| *count > 0);
            }
            Some(Err(e)) => {
                tracing::error!("a delivery to a webhook ended: {e}");
                // Whose host it was is not known; an unknown host is never full.
                self.hosts.clear();
            }
            None => {}
        }
    }
}

/// One try.
struct Attempt {
    is_allowed: bool,
    token: Arc<str>,
    client: HttpClient,
    database: Database,
    metrics: Arc<Metrics>,
    delivery: Claimed,
}

impl Attempt {
    async fn run(self) {
        let delivery = &self.delivery;
        let result = if self.is_allowed {
            request::send(&self.client, delivery, &self.token).await
        } else {
            Err(anyhow::anyhow!("its host is not in WEBHOOK_ALLOWED_HOST"))
        };
        let (subscription, attempts) = (delivery.subscription_id, delivery.attempts);
        let (outcome, again) = match &result {
            Ok(()) => (WebhookOutcome::Delivered, None),
            Err(_) if self.is_allowed && attempts < ATTEMPTS => {
                let retries = usize::try_from(attempts - 1).unwrap_or_default();
                (WebhookOutcome::Retried, BACKOFF.get(retries).or(BACKOFF.last()).copied())
            }
            Err(_) => (WebhookOutcome::Failed, None),
        };
        // By its id: the address may hold a secret.
        match (&result, again) {
            (Ok(()), _) => {}
            (Err(e), Some(_)) => tracing::debug!(%subscription, "webhook: try {attempts} failed: {e:#}"),
            (Err(e), None) => tracing::warn!(%subscription, "webhook: gave up an event in try {attempts}: {e:#}"),
        }
        // When this is not recorded, the try counts as lost after a while, and the next one begins.
        match queue::end(&self.database, delivery.id, attempts, again).await {
            Ok(()) => self.metrics.webhook(outcome, 1),
            Err(e) => tracing::warn!(%subscription, "webhook: the end of a try cannot be recorded: {e}"),
        }
    }
}

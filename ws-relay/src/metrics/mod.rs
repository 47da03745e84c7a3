//! What Prometheus sees: `labels` has the labels, `registry` the names.

mod labels;
mod registry;

pub use labels::{
    CloseLabel, DropLabel, DropReason, LimitLabel, PoolLabel, PreviewLabel, PreviewOutcome, RemovalLabel, RepairLabel,
    RequestLabel, ResumeLabel, ResumeOutcome, RouteLabel, SkipLabel, WebhookLabel, WebhookOutcome,
};

use messaging_core::life::Removed;
use messaging_core::rate_limit::Class;
use messaging_core::reconcile::{Reconciled, Repaired};
use messaging_core::socket::{CloseCode, RefusalCode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use strum::VariantArray;

/// The upper ends of the buckets of event deliveries, in seconds. Half a second is much, and beyond a minute all is late.
const DELIVERY: [f64; 13] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Those of requests.
const REQUEST: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0];

/// All numbers; counters count from the start of the process.
pub struct Metrics {
    /// WebSockets that are open.
    pub sockets_open: Gauge,
    /// How many may be.
    pub sockets_limit: Gauge,
    /// WebSockets that were opened.
    pub sockets_opened: Counter,
    /// Channels that have subscribers on this relay.
    pub channels_subscribed: Gauge,
    /// People who have sockets on this relay.
    pub people_connected: Gauge,
    /// WebSockets refused, by close code.
    pub refusals: Family<CloseLabel, Counter>,
    /// Answers of the database about who may read a channel.
    pub access_checks: Counter,
    /// Frames and notices handed to sockets.
    pub frames_sent: Counter,
    /// The bytes of these, before they are packed into WebSocket frames.
    pub frame_bytes_sent: Counter,
    /// Seconds from the statement that wrote an event until this relay hands its frame to the sockets of the channel, once a
    /// frame. By the clocks of the database and of this machine.
    pub event_delivery: Histogram,
    /// Subscriptions that asked for what they had missed, by how that ended.
    pub resumes: Family<ResumeLabel, Counter>,
    /// Ephemeral frames that this relay, as the publisher, passed on to NATS.
    pub ephemeral_published: Counter,
    /// Ephemeral frames put into the queues of sockets, once per socket.
    pub ephemeral_queued: Counter,
    /// Ephemeral frames dropped; in the queues of sockets once per socket.
    pub ephemeral_dropped: Family<DropLabel, Counter>,
    /// Closes by the relay, by code.
    pub closes: Family<CloseLabel, Counter>,
    /// Sockets cut because they read too slowly.
    pub slow_closes: Counter,
    /// Reload frames sent.
    pub reloads: Counter,
    /// 1 while this relay is the one that publishes the outbox.
    pub publisher_active: Gauge,
    /// Outbox rows not yet published, counted up to a limit.
    pub outbox_pending: Gauge,
    /// Age of the oldest of them, in seconds.
    pub outbox_lag: Gauge<f64, AtomicU64>,
    /// Events of the homeserver that could not be indexed and are set aside, counted up to a limit.
    pub set_aside_events: Gauge,
    /// Tries of webhook deliveries by this relay, by outcome.
    pub webhook_deliveries: Family<WebhookLabel, Counter>,
    /// Events that wait for delivery to webhooks, counted up to a limit.
    pub webhooks_pending: Gauge,
    /// Events that found the queue of a subscription full, over all subscriptions that there are.
    pub webhooks_dropped: Counter,
    /// Looks at the pages of links by this relay, by what they came to.
    pub link_pages: Family<PreviewLabel, Counter>,
    /// Messages in which one was shown.
    pub previews_shown: Counter,
    /// Requests that met a limit, since the counting in the database began: every relay has the same number.
    pub rate_limit_hits: Family<LimitLabel, Counter>,
    /// Events published for the first time.
    pub published: Counter,
    /// Events sent to the stream again.
    pub republished: Counter,
    /// Events that the stream had lost and took again.
    pub restored: Counter,
    /// Times that events were sent to the stream again, because it had lost them or somebody asked for it.
    pub refills: Counter,
    /// Times that the stream knew events which the database did not: the database was restored from a copy.
    pub database_restores: Counter,
    /// Publishes that NATS refused.
    pub publish_refused: Counter,
    /// Events set aside because NATS refused them and took others.
    pub publish_set_aside: Counter,
    /// Events that are set aside for that now, counted up to a limit.
    pub outbox_set_aside: Gauge,
    /// Events published without their largest parts, because NATS takes no message of their size.
    pub publish_shortened: Counter,
    /// Outbox rows deleted after their day.
    pub outbox_deleted: Counter,
    /// Other rows that have had their time.
    pub old_rows_deleted: Counter,
    /// Channels that were compared with their rooms to the end.
    pub reconcile_channels: Counter,
    /// Events of their histories that were looked at.
    pub reconcile_events: Counter,
    /// What was missing and is indexed, by kind.
    pub reconcile_repaired: Family<RepairLabel, Counter>,
    /// Calls for that which failed.
    pub reconcile_failures: Counter,
    /// Messages that search does not find as it should, counted up to 10,000.
    pub messages_to_reindex: Gauge,
    /// Events that had their time, or whose sender was erased, by what became of them.
    pub removals: Family<RemovalLabel, Counter>,
    /// Requests of the components, where this relay follows their log.
    pub requests: Family<RequestLabel, Counter>,
    /// How long they took, in seconds: to the head of the response.
    pub request_duration: Family<RouteLabel, Histogram>,
    /// Lines of that log that were left out.
    pub request_lines_skipped: Family<SkipLabel, Counter>,
    /// 1 while this relay is connected to NATS.
    pub nats_connected: Gauge,
    /// 1 while PostgreSQL answers this relay.
    pub database_up: Gauge,
    /// Connections of this relay's pool to PostgreSQL, by what they do.
    pub database_connections: Family<PoolLabel, Gauge>,
    /// Statements that wait for one of them.
    pub database_waiting: Gauge,
    /// Connections to NATS after the first one.
    pub nats_reconnects: Counter,
    /// Times that all channels with subscribers were reconciled with the database.
    pub reconciliations: Counter,
    /// Reads of a channel's log because live events were missing.
    pub resyncs: Counter,
    /// Reads of a channel's log for subscriptions that resume.
    pub resume_reads: Counter,
    /// Reads that a subscription did without, because another one was about to read the same page.
    pub resume_reads_shared: Counter,
}

impl Default for Metrics {
    /// All at zero. Families begin with what their labels may be, where that is known: a rate over what happens for the first
    /// time needs the zero before it.
    fn default() -> Self {
        let metrics = Self::empty();
        for outcome in ResumeOutcome::VARIANTS {
            metrics.resumes.get_or_create_owned(&ResumeLabel { outcome: *outcome });
        }
        for outcome in WebhookOutcome::VARIANTS {
            metrics.webhook_deliveries.get_or_create_owned(&WebhookLabel { outcome: *outcome });
        }
        for outcome in PreviewOutcome::VARIANTS {
            metrics.link_pages.get_or_create_owned(&PreviewLabel { outcome: *outcome });
        }
        for reason in DropReason::VARIANTS {
            metrics.ephemeral_dropped.get_or_create_owned(&DropLabel { reason: *reason });
        }
        for class in Class::VARIANTS {
            for scope in ["person", "agent", "channel"] {
                let label = LimitLabel { class: <&str>::from(class).to_owned(), scope: scope.to_owned() };
                metrics.rate_limit_hits.get_or_create_owned(&label);
            }
        }
        metrics.removed(&Removed::default());
        for (kind, _) in Repaired::default().by_kind() {
            metrics.reconcile_repaired.get_or_create_owned(&RepairLabel { kind });
        }
        for close in CloseCode::VARIANTS {
            metrics.closes.get_or_create_owned(&CloseLabel { code: close.code() });
        }
        for refusal in RefusalCode::VARIANTS {
            metrics.refusals.get_or_create_owned(&CloseLabel { code: refusal.code() });
        }
        metrics
    }
}

impl Metrics {
    fn empty() -> Self {
        Self {
            event_delivery: Histogram::new(DELIVERY),
            request_duration: Family::new_with_constructor(|| Histogram::new(REQUEST)),
            requests: Family::default(),
            request_lines_skipped: Family::default(),
            sockets_open: Gauge::default(),
            sockets_limit: Gauge::default(),
            sockets_opened: Counter::default(),
            channels_subscribed: Gauge::default(),
            people_connected: Gauge::default(),
            refusals: Family::default(),
            access_checks: Counter::default(),
            frames_sent: Counter::default(),
            frame_bytes_sent: Counter::default(),
            resumes: Family::default(),
            ephemeral_published: Counter::default(),
            ephemeral_queued: Counter::default(),
            ephemeral_dropped: Family::default(),
            closes: Family::default(),
            slow_closes: Counter::default(),
            reloads: Counter::default(),
            publisher_active: Gauge::default(),
            outbox_pending: Gauge::default(),
            outbox_lag: Gauge::default(),
            set_aside_events: Gauge::default(),
            webhook_deliveries: Family::default(),
            webhooks_pending: Gauge::default(),
            webhooks_dropped: Counter::default(),
            link_pages: Family::default(),
            previews_shown: Counter::default(),
            rate_limit_hits: Family::default(),
            published: Counter::default(),
            republished: Counter::default(),
            restored: Counter::default(),
            refills: Counter::default(),
            database_restores: Counter::default(),
            publish_refused: Counter::default(),
            publish_set_aside: Counter::default(),
            outbox_set_aside: Gauge::default(),
            publish_shortened: Counter::default(),
            outbox_deleted: Counter::default(),
            old_rows_deleted: Counter::default(),
            reconcile_channels: Counter::default(),
            reconcile_events: Counter::default(),
            reconcile_repaired: Family::default(),
            reconcile_failures: Counter::default(),
            messages_to_reindex: Gauge::default(),
            removals: Family::default(),
            nats_connected: Gauge::default(),
            database_up: Gauge::default(),
            database_connections: Family::default(),
            database_waiting: Gauge::default(),
            nats_reconnects: Counter::default(),
            reconciliations: Counter::default(),
            resyncs: Counter::default(),
            resume_reads: Counter::default(),
            resume_reads_shared: Counter::default(),
        }
    }

    /// Counts ephemeral frames that were dropped.
    pub fn dropped(&self, reason: DropReason, frames: u64) {
        if frames > 0 {
            self.ephemeral_dropped.get_or_create(&DropLabel { reason }).inc_by(frames);
        }
    }

    /// Counts tries of webhook deliveries.
    pub fn webhook(&self, outcome: WebhookOutcome, tries: u64) {
        if tries > 0 {
            self.webhook_deliveries.get_or_create(&WebhookLabel { outcome }).inc_by(tries);
        }
    }

    /// Counts a look at the page of a link.
    pub fn preview(&self, outcome: PreviewOutcome) {
        self.link_pages.get_or_create(&PreviewLabel { outcome }).inc();
    }

    /// Counts what a run has found.
    pub fn reconciled(&self, found: &Reconciled) {
        self.reconcile_events.inc_by(found.looked_at);
        self.reconcile_channels.inc_by(u64::from(!found.has_more));
        for (kind, count) in found.repaired.by_kind() {
            self.reconcile_repaired.get_or_create(&RepairLabel { kind }).inc_by(count);
        }
    }

    /// Counts what became of what had its time.
    pub fn removed(&self, removed: &Removed) {
        for (outcome, count) in
            [("removed", removed.removed), ("refused", removed.refused), ("retried", removed.waiting)]
        {
            self.removals.get_or_create(&RemovalLabel { outcome }).inc_by(u64::from(count));
        }
    }

    /// Takes the time of an event that goes to the sockets now, if it is known when it was written. Where the clocks differ so
    /// much that it is from the future, it counts as no time.
    pub fn delivered(&self, written_ms: Option<i64>) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if let Some(written) = written_ms.and_then(|written| u64::try_from(written).ok()) {
            self.event_delivery.observe(now.saturating_sub(Duration::from_millis(written)).as_secs_f64());
        }
    }

    /// Counts how a subscription ended that asked for what it had missed.
    pub fn resumed(&self, outcome: ResumeOutcome) {
        self.resumes.get_or_create(&ResumeLabel { outcome }).inc();
    }

    /// Takes the count of a limit's hits over from the database.
    pub fn limit_hits(&self, class: String, scope: String, hits: i64) {
        let counter = self.rate_limit_hits.get_or_create_owned(&LimitLabel { class, scope });
        counter.inner().store(u64::try_from(hits).unwrap_or(0), Ordering::Relaxed);
    }

    /// Notes how the pool stands: connections that there are, those of them that nobody uses, and who waits for one.
    pub fn pool(&self, size: usize, idle: usize, waiting: usize) {
        let set = |state, count: usize| {
            self.database_connections.get_or_create(&PoolLabel { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
        };
        set("idle", idle.min(size));
        set("used", size.saturating_sub(idle));
        self.database_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }
}

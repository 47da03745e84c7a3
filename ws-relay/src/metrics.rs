//! What Prometheus sees.

use messaging_core::life::Removed;
use messaging_core::reconcile::Reconciled;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

/// Why sockets were closed by the relay.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct CloseLabel {
    /// The WebSocket close code.
    pub code: u16,
}

/// Where and why ephemeral frames were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DropLabel {
    /// Why.
    pub reason: DropReason,
}

/// Why an ephemeral frame was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DropReason {
    /// A notification, or a message in NATS, is no ephemeral frame.
    Invalid,
    /// The publisher does not keep up with the notifications, or NATS is missing.
    PublisherBusy,
    /// The task of a channel does not keep up. Frames that the NATS client drops before are counted in part only.
    ChannelBusy,
    /// Half of a socket's queue is taken.
    SocketBusy,
}

/// How tries of webhook deliveries ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct WebhookLabel {
    /// How.
    pub outcome: WebhookOutcome,
}

/// How a try of a webhook delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum WebhookOutcome {
    /// It was taken.
    Delivered,
    /// It failed and is tried again.
    Retried,
    /// It was the last one, and failed or was lost with its relay.
    Failed,
    /// It was none: the event waited too long.
    Expired,
}

/// What looks at the pages of links came to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PreviewLabel {
    /// What.
    pub outcome: PreviewOutcome,
}

/// What a look at the page of a link came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PreviewOutcome {
    /// There is something to show.
    Found,
    /// The page says nothing of itself.
    Empty,
    /// It may not be fetched, or could not be.
    Failed,
}

impl EncodeLabelValue for PreviewOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        <&str>::from(self).encode(encoder)
    }
}

/// What was missing in the index and is there again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RepairLabel {
    /// Messages, edits and so on.
    pub kind: &'static str,
}

impl EncodeLabelValue for WebhookOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        <&str>::from(self).encode(encoder)
    }
}

impl EncodeLabelValue for DropReason {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        <&str>::from(self).encode(encoder)
    }
}

/// What became of events that had their time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RemovalLabel {
    /// `removed`, `refused` by the room for good, so that they are gone in the index alone, or `retried`.
    pub outcome: &'static str,
}

/// Which limit of how much may be done was hit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LimitLabel {
    /// What was limited.
    pub class: String,
    /// Whose limit it was.
    pub scope: String,
}

/// All numbers; counters count from the start of the process.
#[derive(Default)]
pub struct Metrics {
    /// WebSockets that are open.
    pub sockets_open: Gauge,
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
    pub webhooks_dropped: Gauge,
    /// Looks at the pages of links by this relay, by what they came to.
    pub link_pages: Family<PreviewLabel, Counter>,
    /// Messages in which one was shown.
    pub previews_shown: Counter,
    /// Requests that met a limit, since the counting in the database began.
    pub rate_limited: Family<LimitLabel, Gauge>,
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

impl Metrics {
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

    /// Counts what became of what had its time.
    pub fn removed(&self, removed: &Removed) {
        for (outcome, count) in
            [("removed", removed.removed), ("refused", removed.refused), ("retried", removed.waiting)]
        {
            self.removals.get_or_create(&RemovalLabel { outcome }).inc_by(u64::from(count));
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

    /// The text of `GET /metrics` (OpenMetrics).
    pub fn encode(&self) -> String {
        let mut registry = Registry::with_prefix("ws_relay");
        registry.register("sockets_open", "WebSockets that are open", self.sockets_open.clone());
        registry.register("channels_subscribed", "Channels with subscribers", self.channels_subscribed.clone());
        registry.register("people_connected", "People who have sockets", self.people_connected.clone());
        registry.register("refusals", "WebSockets refused", self.refusals.clone());
        registry.register("access_checks", "Answers about who may read a channel", self.access_checks.clone());
        registry.register("frames_sent", "Frames and notices handed to sockets", self.frames_sent.clone());
        registry.register("ephemeral_published", "Ephemeral frames passed to NATS", self.ephemeral_published.clone());
        registry.register("ephemeral_queued", "Ephemeral frames queued for sockets", self.ephemeral_queued.clone());
        registry.register("ephemeral_dropped", "Ephemeral frames dropped", self.ephemeral_dropped.clone());
        registry.register("closes", "Sockets closed by the relay", self.closes.clone());
        registry.register("slow_closes", "Sockets cut because they read too slowly", self.slow_closes.clone());
        registry.register("reloads", "Reload frames sent", self.reloads.clone());
        registry.register("publisher_active", "1 while this relay publishes the outbox", self.publisher_active.clone());
        registry.register("outbox_pending", "Outbox rows not yet published", self.outbox_pending.clone());
        registry.register("outbox_lag_seconds", "Age of the oldest unpublished outbox row", self.outbox_lag.clone());
        registry.register(
            "set_aside_events",
            "Events of the homeserver that could not be indexed",
            self.set_aside_events.clone(),
        );
        registry.register("webhook_deliveries", "Tries of webhook deliveries", self.webhook_deliveries.clone());
        registry.register("webhooks_pending", "Events that wait for webhooks", self.webhooks_pending.clone());
        registry.register(
            "webhooks_dropped",
            "Events that found a webhook's queue full",
            self.webhooks_dropped.clone(),
        );
        registry.register("link_pages", "Looks at the pages of links", self.link_pages.clone());
        registry.register("previews_shown", "Messages in which a link's page was shown", self.previews_shown.clone());
        registry.register("rate_limited", "Requests that met a limit", self.rate_limited.clone());
        registry.register("published", "Events published for the first time", self.published.clone());
        registry.register("republished", "Events sent to the stream again", self.republished.clone());
        registry.register("restored", "Events that the stream had lost and took again", self.restored.clone());
        registry.register("refills", "Times that events were sent to the stream again", self.refills.clone());
        registry.register("database_restores", "Times that NATS knew more events", self.database_restores.clone());
        registry.register("publish_set_aside", "Events set aside by the publisher", self.publish_set_aside.clone());
        registry.register("outbox_set_aside", "Events that are set aside", self.outbox_set_aside.clone());
        registry.register("publish_refused", "Publishes that NATS refused", self.publish_refused.clone());
        registry.register("publish_shortened", "Events larger than NATS takes", self.publish_shortened.clone());
        registry.register("outbox_deleted", "Outbox rows deleted after their day", self.outbox_deleted.clone());
        let help = "Keys, notes and other rows deleted after their time";
        registry.register("old_rows_deleted", help, self.old_rows_deleted.clone());
        registry.register("reconcile_channels", "Channels compared with their rooms", self.reconcile_channels.clone());
        registry.register("reconcile_events", "Events of rooms that were looked at", self.reconcile_events.clone());
        registry.register("reconcile_repaired", "What was missing and is indexed", self.reconcile_repaired.clone());
        registry.register("reconcile_failures", "Comparisons that failed", self.reconcile_failures.clone());
        let help = "Messages that wait for ws-relay reindex, up to 10,000";
        registry.register("messages_to_reindex", help, self.messages_to_reindex.clone());
        let help = "Events that had their time, or whose sender was erased";
        registry.register("removals", help, self.removals.clone());
        registry.register("nats_reconnects", "Connections to NATS after the first one", self.nats_reconnects.clone());
        registry.register("reconciliations", "Comparisons with the database", self.reconciliations.clone());
        registry.register("resyncs", "Log reads because live events were missing", self.resyncs.clone());
        registry.register("resume_reads", "Log reads for subscriptions that resume", self.resume_reads.clone());
        registry.register(
            "resume_reads_shared",
            "Log reads that another subscription's read made needless",
            self.resume_reads_shared.clone(),
        );
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::reconcile::Repaired;

    #[test]
    fn counters_and_gauges_appear_under_the_relays_name() {
        let metrics = Metrics::default();
        metrics.frames_sent.inc_by(3);
        metrics.outbox_lag.set(1.5);
        metrics.closes.get_or_create(&CloseLabel { code: 4408 }).inc();
        metrics.preview(PreviewOutcome::Empty);
        metrics.dropped(DropReason::SocketBusy, 2);
        metrics.dropped(DropReason::Invalid, 0);
        metrics.reconciled(&Reconciled {
            looked_at: 4,
            repaired: Repaired { edits: 2, ..Repaired::default() },
            ..Reconciled::default()
        });
        let text = metrics.encode();
        assert!(text.contains("ws_relay_frames_sent_total 3"), "{text}");
        assert!(text.contains("ws_relay_outbox_lag_seconds 1.5"), "{text}");
        assert!(text.contains("ws_relay_reconcile_repaired_total{kind=\"edits\"} 2"), "{text}");
        assert!(text.contains("ws_relay_link_pages_total{outcome=\"empty\"} 1"), "{text}");
        assert!(text.contains("ws_relay_closes_total{code=\"4408\"} 1"), "{text}");
        assert!(text.contains("ws_relay_ephemeral_dropped_total{reason=\"socket_busy\"} 2"), "{text}");
        assert!(!text.contains("invalid"), "{text}");
    }
}

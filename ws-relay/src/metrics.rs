//! What Prometheus sees.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
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

/// All numbers; counters count from the start of the process.
#[derive(Default)]
pub struct Metrics {
    /// WebSockets that are open.
    pub sockets_open: Gauge,
    /// Channels that this relay follows.
    pub channels_followed: Gauge,
    /// Frames handed to sockets.
    pub frames_sent: Counter,
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
    /// Events published for the first time.
    pub published: Counter,
    /// Events sent to the stream again.
    pub republished: Counter,
    /// Events that the stream had lost and took again.
    pub restored: Counter,
    /// Publishes that NATS refused.
    pub publish_refused: Counter,
    /// Outbox rows deleted after their day.
    pub outbox_deleted: Counter,
    /// Connections to NATS after the first one.
    pub nats_reconnects: Counter,
    /// Times that all followed channels were compared with the database.
    pub audits: Counter,
    /// Reads of a channel's log because live events were missing.
    pub resyncs: Counter,
    /// Reads of a channel's log for one client that resumes.
    pub resume_reads: Counter,
}

impl Metrics {
    /// The text of `GET /metrics` (OpenMetrics).
    pub fn encode(&self) -> String {
        let mut registry = Registry::with_prefix("ws_relay");
        registry.register("sockets_open", "WebSockets that are open", self.sockets_open.clone());
        registry.register("channels_followed", "Channels that this relay follows", self.channels_followed.clone());
        registry.register("frames_sent", "Frames handed to sockets", self.frames_sent.clone());
        registry.register("closes", "Sockets closed by the relay", self.closes.clone());
        registry.register("slow_closes", "Sockets cut because they read too slowly", self.slow_closes.clone());
        registry.register("reloads", "Reload frames sent", self.reloads.clone());
        registry.register("publisher_active", "1 while this relay publishes the outbox", self.publisher_active.clone());
        registry.register("outbox_pending", "Outbox rows not yet published", self.outbox_pending.clone());
        registry.register("outbox_lag_seconds", "Age of the oldest unpublished outbox row", self.outbox_lag.clone());
        registry.register("published", "Events published for the first time", self.published.clone());
        registry.register("republished", "Events sent to the stream again", self.republished.clone());
        registry.register("restored", "Events that the stream had lost and took again", self.restored.clone());
        registry.register("publish_refused", "Publishes that NATS refused", self.publish_refused.clone());
        registry.register("outbox_deleted", "Outbox rows deleted after their day", self.outbox_deleted.clone());
        registry.register("nats_reconnects", "Connections to NATS after the first one", self.nats_reconnects.clone());
        registry.register("audits", "Comparisons of all followed channels with the database", self.audits.clone());
        registry.register("resyncs", "Log reads because live events were missing", self.resyncs.clone());
        registry.register("resume_reads", "Log reads for clients that resume", self.resume_reads.clone());
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_gauges_appear_under_the_relays_name() {
        let metrics = Metrics::default();
        metrics.frames_sent.inc_by(3);
        metrics.outbox_lag.set(1.5);
        metrics.closes.get_or_create(&CloseLabel { code: 4408 }).inc();
        let text = metrics.encode();
        assert!(text.contains("ws_relay_frames_sent_total 3"), "{text}");
        assert!(text.contains("ws_relay_outbox_lag_seconds 1.5"), "{text}");
        assert!(text.contains("ws_relay_closes_total{code=\"4408\"} 1"), "{text}");
    }
}

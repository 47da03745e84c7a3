//! Names, help and the text of `GET /metrics`.
//!
//! Names follow Prometheus' own rules: one prefix, base units, `_total` behind counters, which the encoder adds.

use super::Metrics;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Before every name.
const PREFIX: &str = "daarion_messaging";

impl Metrics {
    /// The text of `GET /metrics` (OpenMetrics).
    pub fn encode(&self) -> String {
        let mut registry = Registry::with_prefix(PREFIX);
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of this relay", build);
        registry.register("sockets_open", "WebSockets that are open", self.sockets_open.clone());
        registry.register("sockets_limit", "WebSockets that may be open", self.sockets_limit.clone());
        registry.register("sockets_opened", "WebSockets that were opened", self.sockets_opened.clone());
        registry.register("channels_subscribed", "Channels with subscribers", self.channels_subscribed.clone());
        registry.register("people_connected", "People who have sockets", self.people_connected.clone());
        registry.register("socket_refusals", "WebSockets refused", self.refusals.clone());
        registry.register("access_checks", "Answers about who may read a channel", self.access_checks.clone());
        registry.register("frames_sent", "Frames and notices handed to sockets", self.frames_sent.clone());
        registry.register_with_unit("frames_sent", "Their bytes", Unit::Bytes, self.frame_bytes_sent.clone());
        let help = "From the statement that wrote an event to the sockets of its channel";
        registry.register_with_unit("event_delivery", help, Unit::Seconds, self.event_delivery.clone());
        registry.register("resumes", "Subscriptions that asked for what they had missed", self.resumes.clone());
        registry.register("ephemeral_published", "Ephemeral frames passed to NATS", self.ephemeral_published.clone());
        registry.register("ephemeral_queued", "Ephemeral frames queued for sockets", self.ephemeral_queued.clone());
        registry.register("ephemeral_dropped", "Ephemeral frames dropped", self.ephemeral_dropped.clone());
        registry.register("socket_closes", "Sockets closed by the relay", self.closes.clone());
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
        registry.register("rate_limit_hits", "Requests that met a limit, of all relays", self.rate_limit_hits.clone());
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
        registry.register("requests", "Requests of the components, from their log", self.requests.clone());
        let help = "From a request's head to its response's";
        registry.register_with_unit("request_duration", help, Unit::Seconds, self.request_duration.clone());
        let help = "Lines of the components' log that were left out";
        registry.register("request_lines_skipped", help, self.request_lines_skipped.clone());
        registry.register("nats_connected", "1 while NATS is there", self.nats_connected.clone());
        registry.register("database_up", "1 while PostgreSQL answers", self.database_up.clone());
        registry.register("database_connections", "Connections of the pool", self.database_connections.clone());
        registry.register("database_waiting", "Statements that wait for one", self.database_waiting.clone());
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
    use crate::metrics::{CloseLabel, DropReason, PreviewOutcome};
    use messaging_core::reconcile::{Reconciled, Repaired};

    #[test]
    fn counters_and_gauges_appear_under_the_services_name() {
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
        assert!(text.contains("daarion_messaging_frames_sent_total 3"), "{text}");
        assert!(text.contains("daarion_messaging_outbox_lag_seconds 1.5"), "{text}");
        assert!(text.contains("daarion_messaging_reconcile_repaired_total{kind=\"edits\"} 2"), "{text}");
        assert!(text.contains("daarion_messaging_link_pages_total{outcome=\"empty\"} 1"), "{text}");
        assert!(text.contains("daarion_messaging_socket_closes_total{code=\"4408\"} 1"), "{text}");
        assert!(text.contains("daarion_messaging_ephemeral_dropped_total{reason=\"socket_busy\"} 2"), "{text}");
        assert!(text.contains("daarion_messaging_ephemeral_dropped_total{reason=\"invalid\"} 0"), "{text}");
        assert!(text.contains("daarion_messaging_build_info{version=\""), "{text}");
    }
}

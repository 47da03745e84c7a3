//! The labels of the numbers. None names a person, a channel or a text of either.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
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

/// Which limit of how much may be done was hit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LimitLabel {
    /// What was limited.
    pub class: String,
    /// Whose limit it was.
    pub scope: String,
}

/// How subscriptions ended that asked for what they had missed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResumeLabel {
    /// How.
    pub outcome: ResumeOutcome,
}

/// How a subscription ended that asked for what it had missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum ResumeOutcome {
    /// It has everything, and gets what comes.
    CaughtUp,
    /// Too much was missed, or it is not kept any more: its client reads the channel anew.
    Reloaded,
    /// The log could not be read, or the channel may not be read any more.
    Failed,
}

impl EncodeLabelValue for ResumeOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        <&str>::from(self).encode(encoder)
    }
}

/// What the pool's connections to PostgreSQL do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PoolLabel {
    /// `idle` or `used`.
    pub state: &'static str,
}

/// A request of the components.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabel {
    /// The pattern of its path.
    pub route: String,
    /// Its method.
    pub method: &'static str,
    /// The class of its status.
    pub status: &'static str,
}

/// What requests of the components are measured by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabel {
    /// The pattern of the path.
    pub route: String,
    /// The method.
    pub method: &'static str,
}

/// Why lines of the components' log were left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct SkipLabel {
    /// `malformed` or `too_long`.
    pub reason: &'static str,
}

/// What became of events that had their time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RemovalLabel {
    /// `removed`, `refused` by the room for good, so that they are gone in the index alone, or `retried`.
    pub outcome: &'static str,
}

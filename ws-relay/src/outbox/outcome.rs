//! What became of a batch of events.

use messaging_core::ids::ChannelId;

/// An event that NATS has: its row, and its place in the stream, if it goes there.
pub type Done = (i64, Option<i64>);

/// An event that NATS refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Its channel. Unless the event was given up, the channel's later ones were not sent.
    pub channel: ChannelId,
    /// Its row.
    pub id: i64,
    /// NATS says that it is the event's own fault.
    pub is_own_fault: bool,
}

/// The outcome of a batch.
#[derive(Default)]
pub struct Outcome {
    /// How many events NATS has.
    pub done: u64,
    /// How many of them the stream did not have before.
    pub new: u64,
    /// How many were told one person besides.
    pub personal: u64,
    /// How many went without their largest members.
    pub shortened: u64,
    /// Events that NATS refused.
    pub refused: Vec<Refused>,
    /// The connection or the stream is gone.
    pub broken: Option<anyhow::Error>,
}

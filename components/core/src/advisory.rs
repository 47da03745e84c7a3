//! What `ws-relay` tells consumers of the stream about the stream itself, on a subject outside of it.

use serde::{Deserialize, Serialize};

/// The subject. Core NATS, so whoever does not listen at the moment misses it: the header `Daarion-Refill` of each event
/// that comes again says the same.
pub const ADVISORIES: &str = "advisory.messaging";

/// Something about the stream that is no event of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
pub enum Advisory {
    /// Events are published again, because the stream has lost them or somebody asked for it. Of each channel they come
    /// in order, from the first one that was lost to the last, with the header `Daarion-Refill`.
    #[serde(rename = "refill.begun")]
    RefillBegun {
        /// The generation of the events' ids.
        generation: i64,
        /// How many channels have such events.
        channels: u64,
    },
    /// The stream has all of them again.
    #[serde(rename = "refill.ended")]
    RefillEnded {
        /// The generation of the events' ids.
        generation: i64,
        /// How many events were published again.
        events: u64,
    },
    /// The stream knew events that the database does not: the database was restored from a copy. The channels go on with
    /// the numbers that the database has, so the stream has some numbers twice, and the later event is the one that counts.
    #[serde(rename = "database.restored")]
    DatabaseRestored {
        /// The generation of new events whose ids the stream knew already.
        generation: i64,
    },
}

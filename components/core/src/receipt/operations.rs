//! What the OpenAPI document says of the operations.

use super::{ChannelReceipts, MarkRead, Mute, Reading, SentReceipts, Unread};
use crate::openapi::Who::{Caller, Internal, Reader};
use crate::openapi::{Operation, READERS, READING, operation};
use crate::paths;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("receipts", "put", paths::READ, "markRead")
            .does(
                "Say how far one has read",
                "Moves the caller's marker forwards; a place before it changes nothing. Without `private` the other \
                 members see it, and Matrix is told within seconds. Whoever sends has read up to their message. Who is no \
                 member of a public channel has a marker that only they see. Reading ends the mark by hand.",
            )
            .who(Caller(READERS))
            .reads::<MarkRead>(json!({"seq": 42}))
            .runs_once()
            .responds::<Reading>(200, "What the channel is to the caller.")
            .refuses(&READING)
            .refuses(&[Refusal::MessageNotFound]),
        operation("receipts", "put", paths::MARKED_UNREAD, "markUnread")
            .does("Mark a channel as unread", "Until the caller reads it or writes in it, outside of its threads. The marker stays where it is.")
            .who(Caller(READERS))
            .runs_once()
            .responds::<Reading>(200, "What the channel is to the caller.")
            .refuses(&READING),
        operation("receipts", "put", paths::MUTED, "muteChannel")
            .does(
                "Mute a channel, or end that",
                "What is unread in a muted channel is left out of the caller's total; mentions are not.",
            )
            .who(Caller(READERS))
            .reads::<Mute>(json!({"muted": true}))
            .runs_once()
            .responds::<Reading>(200, "What the channel is to the caller.")
            .refuses(&READING),
        operation("receipts", "get", paths::RECEIPTS, "listReceipts")
            .does(
                "See who has read how far",
                "What the members show of it: private receipts are not in it. Above 100 members readers are counted and \
                 not named.",
            )
            .who(Reader(READERS))
            .asks(&["receipt_seq"])
            .responds::<ChannelReceipts>(200, "The receipts.")
            .refuses(&READING),
        operation("receipts", "get", paths::UNREAD, "getUnread")
            .does(
                "Count what is unread",
                "In the channels that the caller has joined, 1,000 at most, without archived ones. Each channel's own \
                 counts are in the list of channels.",
            )
            .who(Caller("anybody identified"))
            .responds::<Unread>(200, "The totals."),
        operation("homeserver", "post", paths::SEND_RECEIPTS, "sendReceipts")
            .does(
                "Tell Matrix of receipts",
                "Sends those that are due: of a person and channel one a second at most, and only the newest. `ws-relay` does \
                 it by itself. Where the homeserver is away they wait, for an hour at most.",
            )
            .who(Internal("for ws-relay"))
            .responds::<SentReceipts>(200, "What became of them."),
    ]
}

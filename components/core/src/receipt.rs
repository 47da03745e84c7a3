//! Who has read how far, and what is unread: what callers send and get.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::event::Seq;
use crate::ids::{ChannelId, EntityId, MessageId};
use crate::page::{FromQuery, Parameter};
use crate::problem::Problem;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest number that every JSON reader can tell from the next one.
pub const MAX_SEQ: Seq = 9_007_199_254_740_991;

/// The body of `PUT …/read`: up to where. Neither message nor number: everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct MarkRead {
    /// Up to this message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// Up to this number, when no message is named. One beyond the channel's last number is that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 9_007_199_254_740_991_i64)))]
    pub seq: Option<Seq>,
    /// The root of a thread: the marker in it moves, and not that of the channel. Who does not follow the thread has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<MessageId>,
    /// Whether the others do not see it; `false` when it is left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

impl MarkRead {
    /// Checks the number.
    pub fn check(&self) -> Result<(), Problem> {
        match self.seq {
            Some(seq) if !(0..=MAX_SEQ).contains(&seq) => {
                Err(Problem::invalid_field("seq", "must be a number from 0 on"))
            }
            _ => Ok(()),
        }
    }
}

/// The body of `PUT …/muted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Mute {
    /// Whether what is unread is left out of the caller's total. Mentions always count.
    pub muted: bool,
}

/// What a channel is to its reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Reading {
    /// The channel.
    pub channel_id: ChannelId,
    /// Up to this number the caller has read it, apart from its threads; `null`: they have no marker, and nothing is unread.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub read_seq: Option<Seq>,
    /// The others' messages behind it, without deleted ones and replies in threads. 100 stands for any number from 100 on.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 100)))]
    pub unread_count: i32,
    /// The others' messages behind it that name the caller or everybody, also in threads. 100 stands for any number from
    /// 100 on.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 100)))]
    pub mention_count: i32,
    /// Whether the caller has marked it as unread by hand since they read it.
    pub marked_unread: bool,
    /// Whether what is unread is left out of the caller's total.
    pub muted: bool,
    /// When one of these last changed but for the counts. Of two of them the later one counts.
    pub updated_at: Option<Timestamp>,
}

/// All that is unread to the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Unread {
    /// Messages, at most 100 of each channel, without channels that are muted.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub unread_count: i64,
    /// Mentions, at most 100 of each channel, also of channels that are muted.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub mention_count: i64,
    /// Channels in which one of these is, or that are marked as unread and not muted.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 1_000)))]
    pub channels: i32,
}

/// How far somebody shows that they have read a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Receipt {
    /// Who.
    pub member_id: EntityId,
    /// Up to which number.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub read_seq: Seq,
}

/// The same, with their name and picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MemberReceipt {
    /// Who.
    pub member_id: EntityId,
    /// Up to which number.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub read_seq: Seq,
    /// What they are called now; `null` when they have chosen no name.
    pub display_name: Option<String>,
    /// Their picture, an `mxc://` address.
    pub avatar_url: Option<String>,
}

/// Who has read a channel how far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChannelReceipts {
    /// The number that `read_count` is about.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub seq: Seq,
    /// Members, counted up to 1,000.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 1_000)))]
    pub member_count: i32,
    /// How many of these show that they have read up to `seq`.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 1_000)))]
    pub read_count: i32,
    /// Those who show how far they have read, the furthest first. Empty in a channel of more than 100 members.
    #[cfg_attr(feature = "openapi", schemars(length(max = 100)))]
    pub receipts: Vec<MemberReceipt>,
}

/// Which number `GET …/receipts` counts readers of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReceiptsQuery {
    /// The number; that of the newest message when it is left out.
    pub seq: Option<Seq>,
}

impl FromQuery for ReceiptsQuery {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let Some(text) = parameter("seq") else { return Ok(Self::default()) };
        let is_number = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let seq = text.parse().ok().filter(|seq| is_number && *seq <= MAX_SEQ);
        seq.map(|seq| Self { seq: Some(seq) })
            .ok_or_else(|| Problem::invalid_parameter("seq", "must be a number from 0 on"))
    }

    fn shared_query(&self) -> String {
        String::new()
    }
}

/// What became of the receipts that were due.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct SentReceipts {
    /// Matrix has been told of so many.
    pub sent: u32,
    /// So many cannot be told of: the homeserver refuses them, or the gateway has no such call.
    pub dropped: u32,
    /// Whether there may be more that are due.
    pub has_more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_place_is_a_message_a_number_or_the_end() {
        let read = |body| serde_json::from_value::<MarkRead>(body).unwrap();
        assert_eq!(read(json!({})), MarkRead::default());
        for seq in [0, 7, MAX_SEQ] {
            assert!(read(json!({"seq": seq})).check().is_ok(), "{seq}");
        }
        for seq in [-1, MAX_SEQ + 1] {
            assert_eq!(read(json!({"seq": seq})).check().unwrap_err().errors.len(), 1, "{seq}");
        }
        assert_eq!(serde_json::to_string(&read(json!({"seq": 1, "private": false}))).unwrap(), r#"{"seq":1}"#);
    }

    #[test]
    fn a_query_names_a_number() {
        let read = |text: Option<&'static str>| ReceiptsQuery::from_query(&|_| text);
        assert_eq!(read(None).unwrap().seq, None);
        assert_eq!(read(Some("12")).unwrap().seq, Some(12));
        for odd in ["", "-1", "+1", "x", "1.5", "1234567890123456789"] {
            assert!(read(Some(odd)).is_err(), "{odd}");
        }
    }
}

//! The events of a page, as far as they concern the index.

use crate::event::{Event, Here, is_id};
use crate::poll;
use crate::webhook::in_room;
use messaging_core::json;
use messaging_core::matrix::{self, MessageKind, message_kind};
use messaging_core::reconcile::Repaired;
use messaging_edge::gateway::HistoryPage;
use messaging_edge::index::reconcile::{Begun, HistoryEvent};
use serde_json::value::RawValue;

/// An event that the index follows.
pub struct Entry {
    pub event: Event,
    /// The event as it is applied.
    pub text: Box<RawValue>,
    kind: &'static str,
    about: Option<String>,
    sender_id: String,
}

impl Entry {
    fn read(text: &RawValue, room_id: &str, here: &Here) -> Option<Self> {
        let text = in_room(text.to_owned(), Some(room_id)).ok()?;
        let event: Event = json::from_str(text.get()).ok()?;
        let sender_id = here.sender(&event)?.id.to_string();
        let (kind, about) = kind(&event, here)?;
        Some(Self { event, text, kind, about, sender_id })
    }

    /// Whether it is a part of the room's state, which is known by what was followed last.
    pub fn is_state(&self) -> bool {
        !matches!(self.kind, "message" | "edit" | "reaction" | "poll_vote" | "poll_end" | "redaction")
    }

    /// Counts it as repaired.
    pub fn count(&self, repaired: &mut Repaired) {
        let count = match self.kind {
            "message" => &mut repaired.messages,
            "edit" | "poll_end" => &mut repaired.edits,
            "reaction" | "poll_vote" => &mut repaired.reactions,
            "redaction" => &mut repaired.deletions,
            "member" => &mut repaired.memberships,
            _ => &mut repaired.state,
        };
        *count += 1;
    }
}

/// What an event is to the index, and what it is about; `None` of what it does not follow. A redacted event has no content
/// left, so it is none of these.
fn kind(event: &Event, here: &Here) -> Option<(&'static str, Option<String>)> {
    let content = &event.content;
    let text = |field| matrix::text(content, field);
    let some = |kind, about: &str| is_id(about).then(|| (kind, Some(about.to_owned())));
    match (event.event_type.as_str(), event.state_key.as_deref()) {
        (kind, None) if matrix::is_message_type(kind) => match message_kind(content.get("m.relates_to")) {
            MessageKind::Edit { target_event_id } => some("edit", target_event_id?),
            MessageKind::Message { .. } => matrix::describe(kind, content).map(|_| ("message", None)),
        },
        (kind, None) if matrix::is_poll_end_type(kind) => some("poll_end", poll::named(content)?),
        (kind, None) if matrix::is_poll_vote_type(kind) => some("poll_vote", poll::named(content)?),
        ("m.reaction", None) => {
            let ("m.annotation", target) = matrix::relation(content)? else { return None };
            some("reaction", target)
        }
        ("m.room.redaction", None) => some("redaction", text("redacts").or(event.redacts.as_deref())?),
        ("m.room.member", Some(whom)) if whom != here.bot => some("member", whom),
        ("m.room.name" | "m.room.topic" | "m.room.avatar" | "m.room.power_levels", Some(""))
        | ("m.room.join_rules" | "m.room.history_visibility" | "m.room.pinned_events", Some("")) => {
            some("state", &event.event_type)
        }
        ("m.room.encryption", Some("")) => Some(("encryption", None)),
        ("m.room.tombstone", Some("")) => Some(("upgrade", None)),
        _ => None,
    }
}

/// What a page, oldest first, has for the index. Nothing from before the channel: of a room that the channel came to, nothing
/// from before the bot.
pub fn entries(page: &HistoryPage, begun: &Begun, here: &Here) -> Vec<Entry> {
    let first = match begun.is_replacement {
        true => page.events.iter().rposition(|text| is_bots_join(text, here)).map_or(0, |place| place + 1),
        false => 0,
    };
    let events = page.events.iter().skip(first);
    let entries = events.filter_map(|text| Entry::read(text, &begun.room_id, here));
    entries.filter(|entry| !is_before(&entry.event, begun.not_before_ms, here)).collect()
}

/// The events for the index's question.
pub fn heads(entries: &[Entry]) -> Vec<HistoryEvent<'_>> {
    fn head(entry: &Entry) -> HistoryEvent<'_> {
        HistoryEvent {
            event_id: &entry.event.event_id,
            kind: entry.kind,
            about: entry.about.as_deref(),
            sender_id: &entry.sender_id,
        }
    }
    entries.iter().map(head).collect()
}

/// Whether everything before a page, newest first, is known or none of the channel's.
pub fn is_old(page: &HistoryPage, begun: &Begun, here: &Here) -> bool {
    if begun.is_replacement && page.events.iter().any(|text| is_bots_join(text, here)) {
        return true;
    }
    let since = begun.since_ms.max(begun.not_before_ms);
    let times = page.events.iter().filter_map(|text| {
        let event: Event = json::from_str(in_room(text.clone(), Some(&begun.room_id)).ok()?.get()).ok()?;
        Some((here.is_own(&event.sender), event.milliseconds()))
    });
    // By our own homeserver's clock wherever it has sent something.
    times.max().is_some_and(|(_, newest)| newest < since)
}

/// Whether the homeserver may be about to push an event. Another server's time says nothing of that.
pub fn is_young(event: &Event, begun: &Begun, here: &Here) -> bool {
    here.is_own(&event.sender) && event.milliseconds() > begun.settled_ms
}

fn is_before(event: &Event, time: i64, here: &Here) -> bool {
    here.is_own(&event.sender) && event.milliseconds() < time
}

fn is_bots_join(text: &RawValue, here: &Here) -> bool {
    // Only the event's own fields count, whatever room it names.
    let Ok(text) = in_room(text.to_owned(), None) else { return false };
    json::from_str::<Event>(text.get()).is_ok_and(|event| {
        let is_bots = event.event_type == "m.room.member" && event.state_key.as_deref() == Some(&here.bot);
        is_bots && here.is_bot(&event.sender) && matrix::text(&event.content, "membership") == Some("join")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_edge::gateway::Direction;
    use serde_json::{Value, json};

    fn here() -> Here {
        Here { server_name: "x".to_owned(), bot: "@daarion:x".to_owned(), request_id: String::new() }
    }

    fn begun(is_replacement: bool) -> Begun {
        Begun {
            room_id: "!r".to_owned(),
            direction: Direction::Backwards,
            place: None,
            last_seq: 0,
            is_replacement,
            since_ms: 500,
            not_before_ms: 100,
            settled_ms: 900,
            with_members: false,
            name: String::new(),
            topic: None,
            avatar_url: None,
            is_encrypted: false,
        }
    }

    fn page(events: &[Value]) -> HistoryPage {
        let events = events.iter().map(|event| RawValue::from_string(event.to_string()).unwrap()).collect();
        HistoryPage { events, end: None }
    }

    fn message(id: &str, sender: &str, time: i64) -> Value {
        let content = json!({"msgtype": "m.text", "body": "x"});
        json!({"event_id": id, "sender": sender, "type": "m.room.message", "origin_server_ts": time, "content": content})
    }

    fn ids(page: &HistoryPage, begun: &Begun) -> Vec<String> {
        entries(page, begun, &here()).into_iter().map(|entry| entry.event.event_id).collect()
    }

    #[test]
    fn an_event_is_what_it_is_to_the_index() {
        let of = |event_type: &str, state_key: Option<&str>, content: Value| {
            let mut event = json!({"event_id": "$e", "room_id": "!r", "sender": "@a:x", "type": event_type});
            event["content"] = content;
            event["state_key"] = json!(state_key);
            let event: Event = serde_json::from_value(event).unwrap();
            kind(&event, &here()).map(|(kind, about)| (kind, about.unwrap_or_default()))
        };
        let text = json!({"msgtype": "m.text", "body": "x"});
        let related = |rel_type: &str| json!({"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": rel_type, "event_id": "$t"}});
        let about = |kind, about: &str| Some((kind, about.to_owned()));
        assert_eq!(of("m.room.message", None, text.clone()), about("message", ""));
        assert_eq!(of("m.room.encrypted", None, json!({"algorithm": "m"})), about("message", ""));
        assert_eq!(of("m.room.message", None, related("m.replace")), about("edit", "$t"));
        assert_eq!(of("m.reaction", None, related("m.annotation")), about("reaction", "$t"));
        assert_eq!(of("m.room.redaction", None, json!({"redacts": "$t"})), about("redaction", "$t"));
        assert_eq!(of("m.room.member", Some("@b:x"), json!({})), about("member", "@b:x"));
        assert_eq!(of("m.room.name", Some(""), json!({})), about("state", "m.room.name"));
        assert_eq!(of("m.room.encryption", Some(""), json!({})), about("encryption", ""));
        // Redacted, malformed, of a kind that nobody follows, or about nothing that can be.
        for content in [json!({}), json!({"body": "x"}), json!({"msgtype": 1, "body": "x"}), Value::Null] {
            assert_eq!(of("m.room.message", None, content), None);
        }
        assert_eq!(of("m.room.message", Some(""), text.clone()), None);
        assert_eq!(of("m.sticker", None, json!({"body": "Hedgehog", "url": "mxc://x/y"})), about("message", ""));
        assert_eq!(of("m.poll.start", None, json!({"m.text": "Lunch?", "m.poll": {}})), about("message", ""));
        assert_eq!(of("org.matrix.msc3381.poll.end", None, related("m.reference")), about("poll_end", "$t"));
        assert_eq!(of("m.poll.end", None, related("m.annotation")), None);
        assert_eq!(of("m.poll.response", None, related("m.reference")), about("poll_vote", "$t"));
        assert_eq!(of("m.poll.response", None, related("m.thread")), None);
        assert_eq!(of("m.room.member", Some("@daarion:x"), json!({})), None);
        assert_eq!(of("m.room.redaction", None, json!({"redacts": "\0"})), None);
    }

    #[test]
    fn what_is_no_event_of_the_room_is_left_out() {
        let odd = [json!(1), json!({}), json!({"event_id": "$o", "room_id": "!other", "sender": "@a:x", "type": "t"})];
        let page = page(&[&odd[..], &[message("$m", "@a:x", 600), message("$bad\0", "@a:x", 600)]].concat());
        assert_eq!(ids(&page, &begun(false)), ["$m"]);
    }

    #[test]
    fn only_our_own_clock_says_what_is_old_or_young() {
        let old = page(&[message("$1", "@a:x", 400), message("$2", "@far:y", 99_999)]);
        assert!(is_old(&old, &begun(false), &here()));
        let new = page(&[message("$1", "@a:x", 600), message("$2", "@far:y", 1)]);
        assert!(!is_old(&new, &begun(false), &here()));
        let event =
            |sender: &str| Entry::read(&page(&[message("$1", sender, 950)]).events[0], "!r", &here()).unwrap().event;
        assert!(is_young(&event("@a:x"), &begun(false), &here()));
        assert!(!is_young(&event("@far:y"), &begun(false), &here()));
    }

    #[test]
    fn nothing_from_before_the_channel_is_its_own() {
        let join = json!({
            "event_id": "$join", "sender": "@daarion:x", "type": "m.room.member", "state_key": "@daarion:x",
            "room_id": "!r", "origin_server_ts": 700, "content": {"membership": "join"}
        });
        let history = page(&[message("$1", "@a:x", 50), message("$2", "@a:x", 600), join, message("$3", "@a:x", 800)]);
        assert_eq!(ids(&history, &begun(false)), ["$2", "$3"]);
        assert_eq!(ids(&history, &begun(true)), ["$3"]);
        assert!(is_old(&history, &begun(true), &here()) && !is_old(&history, &begun(false), &here()));
    }
}

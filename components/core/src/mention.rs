//! Who is meant by a message (Matrix client-server API, "User and room mentions").

use crate::ids::{EntityId, InvalidId};
use crate::problem::FieldError;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// The field of an event's content that says who is meant.
pub const MENTIONS_FIELD: &str = "m.mentions";
/// How many a message may mention, and how many of an event's the index keeps.
pub const MAX_MENTIONS: usize = 50;
/// How many of an event's ids are looked at: an event of 64 KiB may name thousands.
const MAX_IDS: usize = 1_000;
/// Everybody in the room.
const ROOM: &str = "room";

/// Somebody who is meant by a message, or `room` for everybody in the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "pattern" = r"^(room|(user|agent):[a-z0-9._-]{1,64}|@[^:\x00]*:\S+)$",
    "examples" = ["user:bob", "agent:sofia", "@bob:matrix.org", "room"]
)))]
#[serde(transparent)]
pub struct Mention(String);

impl Mention {
    /// Everybody in the room.
    pub fn room() -> Self {
        Self(ROOM.to_owned())
    }

    /// Reads one; the Matrix id of one of ours on `server_name` is that one.
    pub fn parse_on(text: &str, server_name: &str) -> Result<Self, InvalidId> {
        if text == ROOM { Ok(Self::room()) } else { EntityId::parse_on(text, server_name).map(Self::from) }
    }

    /// Whether it is everybody.
    pub fn is_room(&self) -> bool {
        self.0 == ROOM
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<EntityId> for Mention {
    fn from(id: EntityId) -> Self {
        Self(id.as_str().to_owned())
    }
}

impl<'de> Deserialize<'de> for Mention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == ROOM {
            Ok(Self(text))
        } else {
            EntityId::parse(&text).map(Self::from).map_err(serde::de::Error::custom)
        }
    }
}

/// Each once and in the order in which they are named, `room` last: as it is read from Matrix.
fn in_order(mentions: impl Iterator<Item = Mention>) -> Vec<Mention> {
    let (mut members, mut has_room) = (Vec::new(), false);
    for mention in mentions {
        if mention.is_room() {
            has_room = true;
        } else if members.len() < MAX_MENTIONS && !members.contains(&mention) {
            members.push(mention);
        }
    }
    if has_room {
        members.truncate(MAX_MENTIONS - 1);
        members.push(Mention::room());
    }
    members
}

/// Checks what a caller names.
pub(crate) fn check(named: &[String], errors: &mut Vec<FieldError>) {
    if named.len() > MAX_MENTIONS {
        errors.push(FieldError::body("mentions", format!("must name at most {MAX_MENTIONS}")));
        return;
    }
    for (place, text) in named.iter().enumerate() {
        if text != ROOM
            && let Err(error) = EntityId::parse(text)
        {
            errors.push(FieldError::body(&format!("mentions/{place}"), format!("{}, or room", error.0)));
        }
    }
}

/// Whom a caller names, after [`check`]: each once.
pub fn named(named: &[String], server_name: &str) -> Vec<Mention> {
    in_order(named.iter().filter_map(|text| Mention::parse_on(text, server_name).ok()))
}

/// Whom an event names. What is no id is left out, and so is what is beyond the bound.
pub fn in_content(content: &Value, server_name: &str) -> Vec<Mention> {
    let Some(mentions) = content.get(MENTIONS_FIELD) else { return Vec::new() };
    let ids = mentions.get("user_ids").and_then(Value::as_array).into_iter().flatten().take(MAX_IDS);
    let members = ids.filter_map(|id| EntityId::from_matrix_user_id(id.as_str()?, server_name).ok()).map(Mention::from);
    let room = (mentions.get(ROOM) == Some(&Value::Bool(true))).then(Mention::room);
    in_order(members.chain(room))
}

/// The `m.mentions` of an event. One that mentions nobody has it, too: so clients do not look for names in its text.
pub fn content<'a>(mentions: impl IntoIterator<Item = &'a Mention>, server_name: &str) -> Value {
    let (mut user_ids, mut fields) = (Vec::new(), Map::new());
    for mention in mentions {
        match EntityId::parse(&mention.0) {
            Ok(id) => user_ids.push(Value::String(id.matrix_user_id(server_name))),
            Err(_) => drop(fields.insert(ROOM.to_owned(), json!(true))),
        }
    }
    if !user_ids.is_empty() {
        fields.insert("user_ids".to_owned(), Value::Array(user_ids));
    }
    Value::Object(fields)
}

/// As the index takes them.
pub fn texts(mentions: &[Mention]) -> Vec<String> {
    mentions.iter().map(|mention| mention.0.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn of_caller(texts: &[&str]) -> Vec<String> {
        super::texts(&named(&strings(texts), "here"))
    }

    #[test]
    fn everybody_is_named_once_and_under_one_name() {
        let named = of_caller(&["room", "user:bob", "@user-bob:here", "@bob:here", "agent:sofia", "room", "user:bob"]);
        assert_eq!(named, ["user:bob", "@bob:here", "agent:sofia", "room"]);
    }

    #[test]
    fn what_is_no_id_is_named_in_the_problem() {
        let pointers = |texts: &[String]| {
            let mut errors = Vec::new();
            check(texts, &mut errors);
            errors.into_iter().filter_map(|error| error.pointer).collect::<Vec<_>>()
        };
        assert_eq!(pointers(&strings(&["room", "bob", "user:bob", "@bob"])), ["/mentions/1", "/mentions/3"]);
        assert_eq!(pointers(&vec!["user:bob".to_owned(); 51]), ["/mentions"]);
        assert!(pointers(&vec!["user:bob".to_owned(); 50]).is_empty());
    }

    #[test]
    fn an_event_says_who_is_meant_and_is_read_so() {
        let mentions = named(&strings(&["user:bob", "agent:sofia", "@x:there", "room"]), "here");
        let written = content(&mentions, "here");
        assert_eq!(written, json!({"user_ids": ["@user-bob:here", "@agent-sofia:here", "@x:there"], "room": true}));
        assert_eq!(in_content(&json!({"m.mentions": written}), "here"), mentions);
        assert_eq!(content(&[], "here"), json!({}));
    }

    #[test]
    fn hostile_mentions_are_none_or_bounded() {
        for odd in [
            json!(null),
            json!([]),
            json!({"room": "true"}),
            json!({"room": 1}),
            json!({"user_ids": "@a:b"}),
            json!({"user_ids": {"@a:b": 1}}),
            json!({"user_ids": [1, null, "", "user:bob", "room", "@a", "@a\0:b", {"@a:b": 1}]}),
        ] {
            assert!(in_content(&json!({"m.mentions": odd}), "here").is_empty(), "{odd}");
        }
        let many: Vec<_> = (0..5_000).map(|n| format!("@{n}:there")).collect();
        let read = in_content(&json!({"m.mentions": {"user_ids": many, "room": true}}), "here");
        assert_eq!((read.len(), read.last().map(Mention::as_str)), (MAX_MENTIONS, Some("room")));
        let same = vec!["@a:there"; 5_000];
        assert_eq!(in_content(&json!({"m.mentions": {"user_ids": same}}), "here").len(), 1);
    }

    proptest! {
        #[test]
        fn whatever_is_read_can_be_written_and_read_again(ids in proptest::collection::vec("@?[a-z:-]{0,12}", 0..80), room: bool) {
            let event = json!({"m.mentions": {"user_ids": ids, "room": room}});
            let read = in_content(&event, "here");
            prop_assert!(read.len() <= MAX_MENTIONS);
            prop_assert_eq!(in_content(&json!({"m.mentions": content(&read, "here")}), "here"), read);
        }
    }
}

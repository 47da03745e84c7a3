//! Every message: name, words, schema and example.

use super::examples;
use crate::contract::schemas::Schemas;
use messaging_core::advisory::Advisory;
use messaging_core::event::EventType;
use messaging_core::socket::{ClientMessage, EphemeralFrame, Frame, Notice, PING, PONG, PersonalFrame};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use strum::{EnumMessage, VariantArray};

/// What a message is, and with it where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub enum Kind {
    /// From a client on a socket for many channels.
    Command,
    /// The text `ping` of any client, and its answer.
    Heartbeat,
    /// A logged frame.
    Event,
    /// A frame that says something about the subscription.
    Notice,
    /// A frame that comes because of who the caller is.
    Personal,
    /// A frame without a number.
    Ephemeral,
    /// A subject in the JetStream stream.
    Stream,
    /// A subject outside the stream.
    Integration,
    /// About the stream, outside of it.
    Advisory,
}

impl Kind {
    /// In the order in which they are shown.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The name in `components/tags`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Heartbeat => "heartbeat",
            Self::Event => "event",
            Self::Notice => "notice",
            Self::Personal => "personal",
            Self::Ephemeral => "ephemeral",
            Self::Stream => "stream",
            Self::Integration => "integration",
            Self::Advisory => "advisory",
        }
    }

    /// The group in words.
    pub fn tag(self) -> Value {
        let (name, description) = match self {
            Self::Command => ("Client commands", "What a client sends on the socket for many channels."),
            Self::Heartbeat => {
                ("Sign of life", "A text, not JSON, on any socket. It also keeps proxies from closing it.")
            }
            Self::Event => (
                "Events",
                "Frames with a `seq`: what happened in a channel, in the order of its numbers. They can be sent again \
                 with `since_seq`.",
            ),
            Self::Notice => ("Notices", "What the relay says about a subscription. Notices take no number."),
            Self::Personal => (
                "The caller's own",
                "Frames that come on every socket with a signed-in caller, without a subscription.",
            ),
            Self::Ephemeral => (
                "Ephemeral frames",
                "Frames without a number: what matters only at the moment. They are stored nowhere and may be dropped.",
            ),
            Self::Stream => (
                "NATS: the stream MESSAGING",
                "Events in JetStream, delivered at least once, numbered without a hole in each channel (`seq`).",
            ),
            Self::Integration => (
                "NATS: integration with Matrix",
                "Core NATS, outside the stream, at most once. Each accompanies an event of the stream and carries its `seq`.",
            ),
            Self::Advisory => (
                "NATS: about the stream",
                "Core NATS, outside the stream, at most once. No events of channels: what consumers of the stream may want to know.",
            ),
        };
        json!({"name": name, "description": description})
    }
}

/// A message.
pub struct Message {
    /// The key in `components/messages`: a frame's `type`, or a subject.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it is on the socket for one channel, too.
    pub on_one_channel: bool,
    /// The event that a subject carries.
    pub event: Option<EventType>,
    /// AsyncAPI's Message Object.
    pub described: Value,
}

impl Message {
    fn new(name: &str, kind: Kind, text: &str, payload: Value, example: Value) -> Self {
        let text = paragraphs(text).join("\n\n");
        let (summary, details) = summarize(&text);
        let mut described = json!({"name": name, "title": title(name), "summary": summary});
        if !details.is_empty() {
            described["description"] = json!(details);
        }
        described["tags"] = json!([{"$ref": format!("#/components/tags/{}", kind.key())}]);
        described["contentType"] = json!(if example.is_string() { "text/plain" } else { "application/json" });
        described["payload"] = payload;
        described["examples"] = json!([{"payload": example}]);
        Self { name: name.to_owned(), kind, on_one_channel: true, event: None, described }
    }

    /// It has no place on the socket for one channel.
    fn only_on_many(self) -> Self {
        Self { on_one_channel: false, ..self }
    }
}

/// All messages, and the schemas that they refer to.
pub struct Messages {
    pub all: Vec<Message>,
    pub schemas: Map<String, Value>,
}

/// Makes all messages.
pub fn messages(mut schemas: Schemas) -> Messages {
    let command = schemas.requests.subschema_for::<ClientMessage>().to_value();
    schemas.responses.subschema_for::<(Frame, Notice, PersonalFrame, EphemeralFrame, Advisory)>();
    let mut nats: Vec<_> = EventType::VARIANTS.iter().map(|event| subject(*event, &mut schemas)).collect();
    let mut schemas = schemas.take();
    let words = schemas["ClientMessage"]["description"].as_str().unwrap().to_owned();
    let heartbeat = |text: &str, words| {
        Message::new(text, Kind::Heartbeat, words, json!({"type": "string", "const": text}), json!(text))
    };
    let mut all = vec![
        Message::new("command", Kind::Command, &words, command, json!(examples::command())).only_on_many(),
        heartbeat(PING, "A client asks whether the relay is there."),
        heartbeat(PONG, "The answer to `ping`."),
    ];
    all.extend(frames(variants(&mut schemas, "Frame")));
    all.extend(notices(variants(&mut schemas, "Notice")));
    all.extend(personal(variants(&mut schemas, "PersonalFrame")));
    all.extend(ephemeral(variants(&mut schemas, "EphemeralFrame")));
    nats.extend(advisories(variants(&mut schemas, "Advisory")));
    schemas.insert("NatsHeaders".to_owned(), nats_headers());
    schemas.sort_keys();
    all.append(&mut nats);
    Messages { all, schemas }
}

/// A schema for each `type` of an enum of frames, with the variant's description; the enum's own schema goes.
fn variants(schemas: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    let by_type = |mut variant: Value| {
        let tag = &mut variant["properties"]["type"];
        tag["description"] = json!("What kind of frame it is.");
        (tag["const"].as_str().unwrap().to_owned(), variant)
    };
    let mut schema = schemas.shift_remove(name).unwrap();
    schema["oneOf"].as_array_mut().unwrap().drain(..).map(by_type).collect()
}

/// A frame for each event that clients get one of. The payload's type and the event's own table agree on its members.
fn frames(mut schemas: Map<String, Value>) -> Vec<Message> {
    let mut frames = Vec::new();
    for event in EventType::VARIANTS {
        let Some(members) = event.frame_members() else { continue };
        // Its description is the event's, in fewer words.
        let (_, schema) = take(&mut schemas, event.text());
        let members: BTreeSet<_> = ["type", "event_id", "channel_id", "seq"].iter().chain(members).copied().collect();
        let properties: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(properties, members, "{event:?}");
        let words = event.get_documentation().unwrap();
        frames.push(Message::new(event.text(), Kind::Event, words, schema, examples::frame(*event)));
    }
    assert!(schemas.is_empty(), "no event has the frames {:?}", schemas.keys());
    frames
}

fn notices(mut schemas: Map<String, Value>) -> Vec<Message> {
    let notice = |notice: Notice| {
        let example = json!(notice);
        let name = example["type"].as_str().unwrap().to_owned();
        let (words, schema) = take(&mut schemas, &name);
        let message = Message::new(&name, Kind::Notice, &words, schema, example);
        match notice {
            Notice::Subscribed { .. } | Notice::Reload { .. } => message,
            Notice::Unsubscribed { .. } | Notice::Error { .. } => message.only_on_many(),
        }
    };
    let notices = examples::notices().into_iter().map(notice).collect();
    assert!(schemas.is_empty(), "no example has {:?}", schemas.keys());
    notices
}

fn personal(mut schemas: Map<String, Value>) -> Vec<Message> {
    let personal = |example: PersonalFrame| {
        let example = json!(example);
        let name = example["type"].as_str().unwrap().to_owned();
        let (words, schema) = take(&mut schemas, &name);
        Message::new(&name, Kind::Personal, &words, schema, example)
    };
    let frames = examples::personal().into_iter().map(personal).collect();
    assert!(schemas.is_empty(), "no example has {:?}", schemas.keys());
    frames
}

fn ephemeral(mut schemas: Map<String, Value>) -> Vec<Message> {
    let ephemeral = |example: EphemeralFrame| {
        let example = json!(example);
        let name = example["type"].as_str().unwrap().to_owned();
        let (words, schema) = take(&mut schemas, &name);
        Message::new(&name, Kind::Ephemeral, &words, schema, example)
    };
    let frames = examples::ephemeral().into_iter().map(ephemeral).collect();
    assert!(schemas.is_empty(), "no example has {:?}", schemas.keys());
    frames
}

fn advisories(mut schemas: Map<String, Value>) -> Vec<Message> {
    let advisory = |example: Advisory| {
        let example = json!(example);
        let name = example["type"].as_str().unwrap().to_owned();
        let (words, schema) = take(&mut schemas, &name);
        Message { on_one_channel: false, ..Message::new(&name, Kind::Advisory, &words, schema, example) }
    };
    let advisories = examples::advisories().into_iter().map(advisory).collect();
    assert!(schemas.is_empty(), "no example has {:?}", schemas.keys());
    advisories
}

/// The description and the schema of a frame.
fn take(schemas: &mut Map<String, Value>, name: &str) -> (String, Value) {
    let mut schema = schemas.shift_remove(name).unwrap_or_else(|| panic!("there is no schema for {name}"));
    let words = schema.as_object_mut().unwrap().shift_remove("description").unwrap();
    (words.as_str().unwrap().to_owned(), schema)
}

fn subject(event: EventType, schemas: &mut Schemas) -> Message {
    let payload = event.payload_schema(&mut schemas.responses).to_value();
    let kind = if event.frame_members().is_some() { Kind::Stream } else { Kind::Integration };
    let words = event.get_documentation().unwrap();
    let mut message = Message::new(event.subject(), kind, words, payload, examples::payload(event));
    message.described["headers"] = json!({"$ref": "#/components/schemas/NatsHeaders"});
    message.described["examples"][0]["headers"] = json!({"Nats-Msg-Id": "1041"});
    Message { on_one_channel: false, event: Some(event), ..message }
}

fn nats_headers() -> Value {
    json!({
        "type": "object",
        "description": "The headers of every event.",
        "properties": {"Nats-Msg-Id": {
            "type": "string",
            "description": "Names the message. A message that is published twice keeps it; JetStream drops what it has \
                            already. An event that the stream has lost comes again under another one; what names the \
                            event is the `event_id` in its payload.",
        }, "Daarion-Refill": {
            "type": "string",
            "description": "The event is published again, because the stream has lost it or somebody asked for it: the \
                            generation, a number that grows. Of each channel such events come in order, from the first \
                            one that was lost to the last one that there is.",
        }, "Daarion-Left-Out": {
            "type": "string",
            "description": "Members of the payload, with commas between, that are empty (`\"\"`, `{}`, `[]`), whatever their \
                            schemas say, because the event is larger than NATS takes (`max_payload`). REST has them.",
        }},
        "required": ["Nats-Msg-Id"],
    })
}

/// The paragraphs of a doc comment.
pub fn paragraphs(documentation: &str) -> Vec<String> {
    let words = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    documentation.split("\n\n").map(words).filter(|paragraph| !paragraph.is_empty()).collect()
}

/// The first sentence, without its full stop, and the others.
fn summarize(text: &str) -> (&str, &str) {
    let (summary, details) = text.split_once(". ").unwrap_or((text, ""));
    (summary.trim_end_matches('.'), details)
}

/// `member.role_changed` is "Member role changed".
fn title(name: &str) -> String {
    let words = name.trim_start_matches("messaging.").trim_start_matches("integration.").replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

//! What a message says, whatever kind it is: the one place that knows which events are messages.

use super::{MessageKind, text};
use crate::poll::MAX_ANSWERS;
use crate::text::without_quote;
use serde_json::Value;
use std::borrow::Cow;

/// What is shown of a request to verify each other's devices, which clients make in a room.
const VERIFICATION: &str = "Verification request";

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described<'a> {
    /// The `content_type` of its row.
    pub content_type: &'static str,
    /// What there is to read; nothing of an encrypted one.
    pub text: Cow<'a, str>,
    /// The name of a file whose text is another one: its caption (Matrix client-server API, "Media captions").
    pub file_name: Option<&'a str>,
}

impl Described<'_> {
    /// As it is shown: of a reply without the copy of what it answers.
    pub fn shown(self, kind: MessageKind<'_>) -> Self {
        let text = match self.text {
            Cow::Borrowed(text) => shown_text(text, kind).into(),
            made => made,
        };
        Self { text, ..self }
    }

    /// Without the copy of what it answers, if it is a reply; `None` when there is none.
    pub fn unquoted(&self) -> Option<Described<'_>> {
        let rest = without_quote(&self.text);
        (rest.len() < self.text.len()).then(|| Described { text: rest.into(), ..*self })
    }

    /// What it is found by: its text and, in a line of its own, the name of its file.
    pub fn searched(&self) -> Cow<'_, str> {
        match self.file_name {
            Some(name) => format!("{}\n{name}", self.text).into(),
            None => Cow::Borrowed(&self.text),
        }
    }
}

/// A message's text as it is shown: of a reply without the copy of what it answers.
pub fn shown_text<'a>(text: &'a str, kind: MessageKind<'_>) -> &'a str {
    match kind {
        MessageKind::Message { reply_to_event_id: Some(_), .. } => without_quote(text),
        _ => text,
    }
}

/// Whether events of a type are messages.
pub fn is_message_type(event_type: &str) -> bool {
    matches!(event_type, "m.room.message" | "m.room.encrypted" | "m.sticker") || is_poll(event_type)
}

fn is_poll(event_type: &str) -> bool {
    matches!(event_type, "m.poll.start" | "org.matrix.msc3381.poll.start")
}

/// Whether events of a type end polls.
pub fn is_poll_end_type(event_type: &str) -> bool {
    matches!(event_type, "m.poll.end" | "org.matrix.msc3381.poll.end")
}

/// Whether events of a type are votes.
pub fn is_poll_vote_type(event_type: &str) -> bool {
    matches!(event_type, "m.poll.response" | "org.matrix.msc3381.poll.response")
}

/// The `content_type` of an index row for the `msgtype` of a message.
pub fn content_type(msgtype: &str) -> &'static str {
    match msgtype {
        "m.image" => "image",
        "m.file" => "file",
        "m.audio" => "audio",
        "m.video" => "video",
        "m.emote" => "emote",
        "m.location" => "location",
        "m.key.verification.request" => "verification",
        _ => "text",
    }
}

/// What an event of this type and content says as a message; `None` when it is none: another type, malformed, or redacted.
pub fn describe<'a>(event_type: &str, content: &'a Value) -> Option<Described<'a>> {
    let (content_type, text) = match event_type {
        "m.room.message" => {
            let content_type = content_type(text(content, "msgtype")?);
            let said = match content_type {
                "verification" => VERIFICATION,
                "location" => text(content, "body").filter(|body| !body.is_empty()).or(text(content, "geo_uri"))?,
                _ => text(content, "body")?,
            };
            (content_type, said.into())
        }
        "m.room.encrypted" => content.get("algorithm").map(|_| ("text", "".into()))?,
        "m.sticker" => ("sticker", text(content, "body")?.into()),
        poll if is_poll(poll) => ("poll", poll_text(content)?),
        _ => return None,
    };
    let is_file = matches!(content_type, "image" | "file" | "audio" | "video");
    let file_name = super::text(content, "filename").filter(|name| is_file && *name != text);
    Some(Described { content_type, text, file_name })
}

/// The question and the answers, a line each; what the poll says for clients without polls where they cannot be read.
fn poll_text(content: &Value) -> Option<Cow<'_, str>> {
    let start = start_in(content)?;
    question_and_answers(start).map(Cow::Owned).or_else(|| extensible(content).map(Cow::Borrowed))
}

/// What the start of a poll brings; `None` of an event of another type.
pub(crate) fn poll_start<'a>(event_type: &str, content: &'a Value) -> Option<&'a Value> {
    start_in(content).filter(|_| is_poll(event_type))
}

fn start_in(content: &Value) -> Option<&Value> {
    let fields = ["m.poll", "m.poll.start", "org.matrix.msc3381.poll.start"];
    fields.iter().find_map(|field| content.get(field))
}

fn question_and_answers(start: &Value) -> Option<String> {
    let question = extensible(start.get("question")?)?.to_owned();
    let answers = start.get("answers")?.as_array()?.iter().take(MAX_ANSWERS).filter_map(extensible);
    let lines: Vec<_> = answers.map(|answer| format!("\n• {answer}")).collect();
    (!lines.is_empty()).then(|| lines.into_iter().fold(question, |text, line| text + &line))
}

/// A text of extensible events, under its stable and its unstable names.
pub(crate) fn extensible(value: &Value) -> Option<&str> {
    let plain = |field: &str| match value.get(field)? {
        Value::String(text) => Some(text.as_str()),
        Value::Array(parts) => {
            let is_plain = |part: &&Value| text(part, "mimetype").is_none_or(|kind| kind == "text/plain");
            text(parts.iter().take(MAX_ANSWERS).find(is_plain)?, "body")
        }
        _ => None,
    };
    let fields = ["m.text", "org.matrix.msc1767.text", "org.matrix.msc1767.message", "body"];
    fields.iter().find_map(|field| plain(field)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn described(event_type: &str, content: Value) -> Option<(&'static str, String)> {
        describe(event_type, &content).map(|described| (described.content_type, described.text.into_owned()))
    }

    fn is(content_type: &'static str, text: &str) -> Option<(&'static str, String)> {
        Some((content_type, text.to_owned()))
    }

    #[test]
    fn every_kind_of_message_is_something() {
        for (msgtype, content_type) in [
            ("m.text", "text"),
            ("m.notice", "text"),
            ("m.emote", "emote"),
            ("m.image", "image"),
            ("m.location", "location"),
            ("city.elsewhere.dance", "text"),
        ] {
            let content = json!({"msgtype": msgtype, "body": "said", "geo_uri": "geo:1,2"});
            assert_eq!(described("m.room.message", content), is(content_type, "said"), "{msgtype}");
        }
        let somewhere = json!({"msgtype": "m.location", "geo_uri": "geo:50.45,30.52"});
        assert_eq!(described("m.room.message", somewhere), is("location", "geo:50.45,30.52"));
        let asked = json!({"msgtype": "m.key.verification.request", "body": "@a:x is requesting …", "to": "@b:x"});
        assert_eq!(described("m.room.message", asked), is("verification", VERIFICATION));
        assert_eq!(described("m.sticker", json!({"body": "Hedgehog", "url": "mxc://x/y"})), is("sticker", "Hedgehog"));
        assert_eq!(described("m.room.encrypted", json!({"algorithm": "m"})), is("text", ""));
    }

    #[test]
    fn a_poll_says_its_question_and_its_answers() {
        let said = "Lunch?\n• Borshch\n• Salad";
        let old = |text: &str| json!({"id": text, "org.matrix.msc1767.text": text});
        let unstable = json!({"org.matrix.msc1767.text": "Lunch? 1. …", "org.matrix.msc3381.poll.start": {
            "question": {"org.matrix.msc1767.text": "Lunch?"}, "answers": [old("Borshch"), old("Salad")]}});
        assert_eq!(described("org.matrix.msc3381.poll.start", unstable), is("poll", said));
        let new =
            |text: &str| json!({"m.id": text, "m.text": [{"mimetype": "text/html", "body": "<b>"}, {"body": text}]});
        let stable = json!({"m.poll": {"question": {"m.text": [{"body": "Lunch?"}]}, "answers": [new("Borshch"), new("Salad")]}});
        assert_eq!(described("m.poll.start", stable), is("poll", said));
        let many: Vec<_> = (0..500).map(|n| old(&n.to_string())).collect();
        let flood = json!({"m.poll": {"question": {"body": "?"}, "answers": many}});
        assert_eq!(described("m.poll.start", flood).unwrap().1.lines().count(), 1 + MAX_ANSWERS);
        let odd = json!({"m.text": [{"body": "fall-back"}], "m.poll": {"question": 1, "answers": {}}});
        assert_eq!(described("m.poll.start", odd), is("poll", "fall-back"));
    }

    #[test]
    fn what_is_malformed_redacted_or_of_another_type_is_no_message() {
        for (event_type, content) in [
            ("m.room.message", json!({})),
            ("m.room.message", json!({"body": "x"})),
            ("m.room.message", json!({"msgtype": "m.text"})),
            ("m.room.message", json!({"msgtype": 1, "body": "x"})),
            ("m.room.message", json!({"msgtype": "m.location"})),
            ("m.room.encrypted", json!({"ciphertext": "x"})),
            ("m.sticker", json!({"url": "mxc://x/y"})),
            ("m.poll.start", json!({"m.poll": {}})),
            ("m.poll.start", json!({"m.text": "Lunch?", "body": "x"})),
            ("org.matrix.msc3381.poll.start", Value::Null),
            ("m.poll.response", json!({"msgtype": "m.text", "body": "x"})),
            ("m.reaction", json!({"msgtype": "m.text", "body": "x"})),
        ] {
            assert_eq!(describe(event_type, &content), None, "{event_type} {content}");
        }
    }
}

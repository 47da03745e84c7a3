//! Polls: what callers get, and what the events of one say (Matrix client-server API, "Polls"; MSC3381).

use crate::matrix::{extensible, is_id, poll_start, text};
use crate::text::preview;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many answers of a poll are read.
pub const MAX_ANSWERS: usize = 20;

/// A poll and its count. What it asks is as of its last edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Poll {
    /// What is asked; its first 500 characters.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::text::PREVIEW_CHARACTERS)))]
    pub question: String,
    /// The answers, in their order.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_ANSWERS)))]
    pub answers: Vec<PollAnswer>,
    /// How many answers a person may choose.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_ANSWERS)))]
    pub max_selections: u8,
    /// How many people have voted; 5,000 means at least that many. `null` until the end of a poll that is not disclosed. The
    /// last vote of a person up to the end counts, while they are a member, at the end if it has ended.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 5_000)))]
    pub voters: Option<i64>,
    /// The ids of the answers that the caller has chosen.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_ANSWERS)))]
    pub my_answers: Vec<String>,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Whether the count is shown before the end.
    pub disclosed: bool,
}

/// An answer of a poll.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct PollAnswer {
    /// What votes name it by.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 255)))]
    pub id: String,
    /// What is to be read; its first 500 characters.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::text::PREVIEW_CHARACTERS)))]
    pub text: String,
    /// How many people chose it; `null` until the end of a poll that is not disclosed.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 5_000)))]
    pub votes: Option<i64>,
}

/// What the start of a poll asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    question: String,
    answers: Vec<Choice>,
    max_selections: u64,
    is_disclosed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Choice {
    id: String,
    text: String,
}

/// What the content of a poll's start asks; `None` when there is no answer that could be chosen.
pub fn question(event_type: &str, content: &Value) -> Option<Question> {
    let start = poll_start(event_type, content)?;
    let mut answers: Vec<Choice> = Vec::new();
    for answer in start.get("answers")?.as_array()?.iter().take(MAX_ANSWERS) {
        let id = text(answer, "m.id").or(text(answer, "id")).filter(|id| is_id(id));
        let (Some(id), Some(said)) = (id, extensible(answer)) else { continue };
        // A vote for the one would be a vote for the other.
        if answers.iter().all(|known| known.id != id) {
            answers.push(Choice { id: id.to_owned(), text: preview(said) });
        }
    }
    let selections = start.get("max_selections").and_then(Value::as_u64).unwrap_or(1);
    let kind = text(start, "kind").unwrap_or_default();
    (!answers.is_empty()).then_some(Question {
        question: preview(extensible(start.get("question")?)?),
        answers,
        max_selections: selections.clamp(1, MAX_ANSWERS as u64),
        // What is not known is taken for the kind that tells less.
        is_disclosed: matches!(kind, "m.disclosed" | "org.matrix.msc3381.poll.disclosed"),
    })
}

/// The ids of the answers that a vote names, each once; none where it is taken back or spoiled: which of them the poll has is
/// known when it is counted.
pub fn selections(content: &Value) -> Vec<String> {
    let nested = ["m.poll.response", "org.matrix.msc3381.poll.response"];
    let named = content
        .get("m.selections")
        .or_else(|| nested.iter().find_map(|field| content.get(field)?.get("answers")))
        .and_then(Value::as_array);
    let mut chosen: Vec<String> = Vec::new();
    for id in named.into_iter().flatten() {
        match id.as_str().filter(|id| is_id(id)) {
            Some(id) if chosen.iter().any(|known| known == id) => {}
            Some(id) if chosen.len() < MAX_ANSWERS => chosen.push(id.to_owned()),
            // It names what no poll has.
            _ => return Vec::new(),
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn start(changes: Value) -> Value {
        let mut start = json!({
            "kind": "m.disclosed", "max_selections": 2, "question": {"m.text": [{"body": "Lunch?"}]},
            "answers": [{"m.id": "b", "m.text": [{"body": "Borshch"}]}, {"m.id": "s", "m.text": [{"body": "Salad"}]}]
        });
        for (field, value) in changes.as_object().unwrap() {
            start[field] = value.clone();
        }
        json!({"m.poll": start})
    }

    fn asked(content: &Value) -> Option<Value> {
        question("m.poll.start", content).map(|question| json!(question))
    }

    #[test]
    fn a_poll_asks_the_same_under_both_of_its_names() {
        let expected = json!({
            "question": "Lunch?", "max_selections": 2, "is_disclosed": true,
            "answers": [{"id": "b", "text": "Borshch"}, {"id": "s", "text": "Salad"}]
        });
        assert_eq!(asked(&start(json!({}))), Some(expected.clone()));
        let old = json!({"org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed", "max_selections": 2,
            "question": {"org.matrix.msc1767.text": "Lunch?"},
            "answers": [{"id": "b", "org.matrix.msc1767.text": "Borshch"}, {"id": "s", "org.matrix.msc1767.text": "Salad"}]
        }});
        assert_eq!(question("org.matrix.msc3381.poll.start", &old).map(|question| json!(question)), Some(expected));
        assert_eq!(question("m.room.message", &old), None);
    }

    #[test]
    fn what_is_odd_in_a_poll_is_bounded_or_left_out() {
        for (selections, expected) in
            [(json!(0), 1), (json!(-3), 1), (json!("2"), 1), (json!(null), 1), (json!(1e9), 1)]
        {
            let content = start(json!({"max_selections": selections}));
            assert_eq!(asked(&content).unwrap()["max_selections"], expected, "{content}");
        }
        assert_eq!(asked(&start(json!({"max_selections": 900}))).unwrap()["max_selections"], MAX_ANSWERS);
        for kind in [json!("m.undisclosed"), json!("x"), json!(7)] {
            assert_eq!(asked(&start(json!({"kind": kind}))).unwrap()["is_disclosed"], false);
        }
        let answer = |id: &str| json!({"m.id": id, "m.text": [{"body": id}]});
        let long = "x".repeat(256);
        let odd =
            json!([answer(""), answer("a\0"), answer(&long), 7, {"m.id": "a"}, answer("a"), answer("a"), answer("b")]);
        let ids = |content: &Value| {
            asked(content).unwrap()["answers"].as_array().unwrap().iter().map(|a| a["id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&start(json!({"answers": odd}))), ["a", "b"]);
        let many: Vec<_> = (0..500).map(|n| answer(&n.to_string())).collect();
        assert_eq!(ids(&start(json!({"answers": many}))).len(), MAX_ANSWERS);
        for nothing in [json!({"answers": []}), json!({"answers": {}}), json!({"question": 1})] {
            assert_eq!(asked(&start(nothing)), None);
        }
        let text = asked(&start(json!({"question": {"body": "é\0".repeat(400)}}))).unwrap()["question"].clone();
        assert_eq!(text, "é\u{fffd}".repeat(250));
    }

    #[test]
    fn a_vote_names_each_answer_once_or_is_spoiled() {
        for (content, expected) in [
            (json!({"m.selections": ["b", "s", "b"]}), &["b", "s"][..]),
            (json!({"org.matrix.msc3381.poll.response": {"answers": ["s"]}}), &["s"]),
            (json!({"m.poll.response": {"answers": ["s"]}}), &["s"]),
            (json!({"m.selections": []}), &[]),
            (json!({"m.selections": ["b", 7]}), &[]),
            (json!({"m.selections": ["b", ""]}), &[]),
            (json!({"m.selections": "b"}), &[]),
            (json!({}), &[]),
            (json!(null), &[]),
        ] {
            assert_eq!(selections(&content), expected, "{content}");
        }
        let many: Vec<_> = (0..500).map(|n| n.to_string()).collect();
        assert_eq!(selections(&json!({"m.selections": many})), [""; 0]);
    }
}

//! `m.receipt`: who has read a room how far, by a Matrix client (Matrix client-server API, "Receipts"). Our own receipts come
//! back the same way, and move nothing.

use crate::event::{Here, is_id};
use messaging_core::json;
use messaging_edge::Problem;
use messaging_edge::index::receipts::{ToldReceipt, record_receipts};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// How many receipts of one room are read at most; others are left out.
const MAX_RECEIPTS: usize = 1_000;

/// `m.receipt`: receipts by event, type and person. Each is read by itself, so that what one server says wrongly takes
/// nobody else's away.
#[derive(Deserialize)]
struct Receipts {
    content: Parts,
}

type Parts = BTreeMap<String, Box<RawValue>>;

/// One person's receipt.
#[derive(Deserialize)]
struct Receipt {
    thread_id: Option<String>,
}

pub async fn apply(room_id: &str, event: &RawValue, here: &Here) -> Result<(), Problem> {
    let receipts = read(event, here);
    if receipts.is_empty() {
        return Ok(());
    }
    Ok(record_receipts(room_id, &receipts).await?)
}

fn parts(text: &RawValue) -> Parts {
    json::from_str(text.get()).unwrap_or_default()
}

/// The receipts of people whom the index may know. A type of receipt that is malformed, or another one, is skipped.
fn read(event: &RawValue, here: &Here) -> Vec<ToldReceipt> {
    let Ok(Receipts { content }) = json::from_str(event.get()) else { return Vec::new() };
    let mut receipts = Vec::new();
    for (event_id, types) in content.iter().filter(|(event_id, _)| is_id(event_id)) {
        for (receipt_type, people) in parts(types) {
            let is_private = match receipt_type.as_str() {
                "m.read" => false,
                "m.read.private" => true,
                _ => continue,
            };
            for (person, receipt) in parts(&people) {
                let Ok(Receipt { thread_id }) = json::from_str(receipt.get()) else { continue };
                if receipts.len() == MAX_RECEIPTS {
                    return receipts;
                }
                let thread_event_id = thread_id.filter(|thread| thread != "main");
                let Some(member_id) = here.entity(&person).filter(|_| person != here.bot) else { continue };
                if thread_event_id.as_ref().is_none_or(|root| is_id(root)) {
                    receipts.push(ToldReceipt { event_id: event_id.clone(), member_id, is_private, thread_event_id });
                }
            }
        }
    }
    receipts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn here() -> Here {
        Here { server_name: "a.example".into(), bot: "@bot:a.example".into(), request_id: String::new() }
    }

    fn told(content: &Value) -> Vec<(String, String, bool, Option<String>)> {
        let event = json!({"type": "m.receipt", "room_id": "!r", "content": content});
        let event: Box<RawValue> = serde_json::from_str(&event.to_string()).unwrap();
        let receipts = read(&event, &here()).into_iter();
        receipts.map(|r| (r.event_id, r.member_id.to_string(), r.is_private, r.thread_event_id)).collect()
    }

    #[test]
    fn a_receipt_is_somebodys_of_an_event_and_a_thread() {
        let content = json!({
            "$a": {"m.read": {"@user-alice:a.example": {"ts": 1}, "@eve:b.example": {"thread_id": "$root"}}},
            "$b": {"m.read.private": {"@agent-sofia:a.example": {"thread_id": "main"}}, "m.fully_read": {"@x:y": {}}},
        });
        assert_eq!(
            told(&content),
            [
                ("$a".to_owned(), "@eve:b.example".to_owned(), false, Some("$root".to_owned())),
                ("$a".to_owned(), "user:alice".to_owned(), false, None),
                ("$b".to_owned(), "agent:sofia".to_owned(), true, None),
            ]
        );
    }

    #[test]
    fn what_is_malformed_takes_nobody_elses_away() {
        let good = json!({"ts": 1});
        for content in [
            json!({"$a": {"m.read": {"@good:b.example": good, "@evil:b.example": {"thread_id": 5}}}}),
            json!({"$a": {"m.read": {"@good:b.example": good}, "m.read.private": 5}, "$x": 5}),
        ] {
            assert_eq!(told(&content), [("$a".to_owned(), "@good:b.example".to_owned(), false, None)], "{content}");
        }
    }

    #[test]
    fn hostile_receipts_are_skipped_and_bounded() {
        for content in [
            json!(null),
            json!([]),
            json!({"$a": 1}),
            json!({"$a": {"m.read": []}}),
            json!({"$a": {"m.read": {"@user-alice:a.example": 1}}}),
            json!({"$a": {"m.read": {"@user-alice:a.example": {"thread_id": 1}}}}),
            json!({"$a": {"m.read": {"@user-alice:a.example": {"thread_id": "$a\0"}}}}),
            json!({"$a": {"m.read": {"@bot:a.example": {}, "nobody": {}, "@": {}}}}),
            json!({"$a\0": {"m.read": {"@user-alice:a.example": {}}}}),
        ] {
            assert!(told(&content).is_empty(), "{content}");
        }
        let people: serde_json::Map<_, _> = (0..5_000).map(|n| (format!("@p{n}:b.example"), json!({}))).collect();
        assert_eq!(told(&json!({"$a": {"m.read": people}})).len(), MAX_RECEIPTS);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,60}") {
            if let Ok(event) = serde_json::from_str::<Box<RawValue>>(&text) {
                let _ = read(&event, &here());
            }
            let content = json!({&text: {"m.read": {&text: {"thread_id": &text}}}});
            let _ = told(&content);
        }
    }
}

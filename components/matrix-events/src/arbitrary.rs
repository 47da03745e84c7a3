//! What is pushed may be anything: it is an event with what can be read of it, or none, and never a panic.

use crate::event::{Event, Here, rfc3339};
use crate::{message, power_levels};
use messaging_core::json;
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[$@!#][a-z\\x00]{0,300}:?[a-z.]{0,9}".prop_map(Value::from),
        " ?-?[0-9]{1,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z._]{0,8}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const FIELDS: [&str; 9] =
    ["event_id", "room_id", "sender", "type", "state_key", "redacts", "origin_server_ts", "content", "unsigned"];

proptest! {
    #[test]
    fn an_event_with_anything_in_any_field_is_read_or_none(
        field in proptest::sample::select(&FIELDS[..]), value in any_json(), time in any_json(),
    ) {
        let here = Here { server_name: "localhost".to_owned(), bot: "@bot:localhost".to_owned(), request_id: String::new() };
        let mut document = json!({
            "event_id": "$a", "room_id": "!r", "sender": "@user-alice:localhost", "type": "m.room.message",
            "state_key": "", "redacts": "$b", "origin_server_ts": time, "content": {"body": "b"},
        });
        document[field] = value;
        if let Ok(event) = json::from_str::<Event>(&document.to_string()) {
            let _ = (event.sent_at(), event.milliseconds(), here.is_own(&event.sender), here.is_bot(&event.sender));
            // A time that can always be stored.
            prop_assert_eq!(event.changed_at().len(), "2026-11-25T00:00:00.000Z".len());
            if let Some(sender) = here.sender(&event) {
                prop_assert!(!sender.is_bot || event.sender == here.bot);
            }
        }
    }

    #[test]
    fn a_time_a_level_and_a_content_are_read_as_what_can_be_stored(value in any_json()) {
        let _ = rfc3339(&value);
        let _ = power_levels::level(&value);
        let stored = message::all_storable(&value).to_string();
        prop_assert!(!stored.contains("\\u0000") && !stored.contains('\0'), "{}", stored);
    }

    #[test]
    fn what_is_no_event_is_none(text in ".*", value in any_json()) {
        let _ = json::from_str::<Event>(&text);
        prop_assert!(json::from_str::<Event>(&json!([value]).to_string()).is_err());
    }
}

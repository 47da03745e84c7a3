//! What comes from outside may be anything: it is read as what it is or refused, and never makes anything panic.

use messaging_core::channel::ChangeChannel;
use messaging_core::ids::EntityId;
use messaging_core::json;
use messaging_core::matrix::{RoomEvent, describe, is_canonical, message_kind, new_content, read_content, relation};
use messaging_core::page::{ChannelPage, FromQuery, MemberPage, MessagePage};
use messaging_core::paths::{self, AgentPath, ChannelPath, FromParams, MemberPath, MessagePath, ReactionPath};
use messaging_core::socket::ClientCommand;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Any JSON; texts are often what ids, times and relations are made of.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "[$@!#][a-z\\x00]{0,300}:?[a-z.]{0,9}".prop_map(Value::from),
        "(m\\.(text|replace|thread|annotation|mentions)|user:[a-z]{1,3}|microdao:[a-z]{1,3})".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let names = "(body|msgtype|m\\.relates_to|rel_type|event_id|key|text|channel_id|since_seq|[a-z.]{0,5})";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(names, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A good document with any JSON in place of one of its members, or beside them.
fn spoiled(good: Value) -> impl Strategy<Value = Value> {
    let names: Vec<String> = good.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    (proptest::sample::select(names), any_json(), any_json()).prop_map(move |(name, value, other)| {
        let mut document = good.clone();
        if let Some(members) = document.as_object_mut() {
            members.insert(name, value);
            members.insert("another".to_owned(), other);
        }
        document
    })
}

/// Percent-decoding as the components do it: what is no UTF-8 is empty.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let hex = |digit: Option<u8>| digit.and_then(|digit| char::from(digit).to_digit(16));
        let mut ahead = rest.clone();
        match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

const PATTERNS: [&str; 8] = [
    paths::CHANNELS,
    paths::CHANNEL,
    paths::MESSAGES,
    paths::MESSAGE,
    paths::REACTION,
    paths::appservice::TRANSACTION,
    paths::appservice::USER,
    paths::appservice::ROOM,
];

proptest! {
    #[test]
    fn a_path_of_any_letters_is_read_or_unknown(path in "/?(api|internal|_matrix|[^/]{0,5})?/?.{0,60}") {
        for pattern in PATTERNS {
            let Some(params) = paths::parse(pattern, &path, decoded) else { continue };
            let _ = ChannelPath::from_params(&params);
            let _ = MessagePath::from_params(&params);
            let _ = ReactionPath::from_params(&params);
            let _ = MemberPath::from_params(&params);
            let _ = AgentPath::from_params(&params);
        }
    }

    #[test]
    fn a_segment_comes_back_as_it_was_and_never_becomes_two(emoji in ".{1,40}", channel in any::<u128>()) {
        let channel = uuid::Uuid::from_u128(channel);
        let path = format!("/api/messaging/channels/{channel}/messages/{channel}/reactions/{}", encoded(&emoji));
        let params = paths::parse(paths::REACTION, &path, decoded).unwrap();
        prop_assert_eq!(params.get("emoji"), emoji.as_str());
        prop_assert_eq!(params.get("channel_id"), channel.to_string());
        prop_assert!(paths::parse(paths::MESSAGE, &path, decoded).is_none());
        if let Ok(read) = ReactionPath::from_params(&params) {
            prop_assert_eq!(read.emoji, emoji);
        }
    }

    #[test]
    fn a_page_is_read_or_every_bad_parameter_named(
        limit in "(-?[0-9]{1,22}|.{0,6})", place in "([0-9]{0,25}|[0-9a-f-]{0,36}|[0-9TZ:.+-]{0,40}_?[0-9a-f-]{0,36}|.{0,20})",
        deleted in "(true|false|.{0,5})",
    ) {
        let values = |name: &str| match name {
            "limit" => Some(limit.as_str()),
            "before" | "cursor" => Some(place.as_str()),
            "deleted" => Some(deleted.as_str()),
            _ => None,
        };
        if let Ok(page) = MessagePage::from_query(&values) {
            prop_assert!((1..=200).contains(&page.limit));
        }
        if let Ok(page) = ChannelPage::from_query(&values) {
            prop_assert!((1..=1000).contains(&page.limit));
        }
        if let Ok(page) = MemberPage::from_query(&values) {
            prop_assert!((1..=200).contains(&page.limit));
        }
    }

    #[test]
    fn a_frame_of_a_client_is_commands_or_nothing(
        frame in spoiled(json!({"subscribe": [{"channel_id": "x", "since_seq": 1}], "unsubscribe": ["x"]})),
        entry in any_json(),
        text in ".{0,60}",
    ) {
        let _ = ClientCommand::parse(&text);
        let _ = ClientCommand::parse(&frame.to_string());
        let list = json!({"subscribe": [entry, {"channel_id": entry, "since_seq": entry}], "unsubscribe": [entry]});
        for command in ClientCommand::parse(&list.to_string()) {
            // What is told back is short, however long what came was.
            if let ClientCommand::Invalid { channel_id, .. } = command {
                prop_assert!(channel_id.chars().count() <= 64);
            }
        }
        let whole = frame.to_string();
        let cut = whole.chars().take(whole.chars().count() / 2).collect::<String>();
        prop_assert!(ClientCommand::parse(&cut).is_empty());
    }

    #[test]
    fn a_body_is_read_and_checked_or_refused(
        channel in spoiled(json!({"slug": "s", "name": "n", "microdao_id": "microdao:m", "visibility": "public"})),
        message in spoiled(json!({"text": "t", "formatted_body": "<b>", "msgtype": "m.text", "reply_to": null, "mentions": ["user:b"], "notify": true})),
        encrypted in spoiled(json!({"algorithm": "m", "ciphertext": "c", "session_id": "s"})),
        member in spoiled(json!({"member_id": "user:a", "role": "member", "can_read": true})),
        any in any_json(),
    ) {
        let caller = EntityId::parse("user:alice").unwrap();
        for document in [channel, message, json!({"encrypted": encrypted}), member, any] {
            let bytes = document.to_string();
            if let Ok(body) = json::from_str::<messaging_core::channel::CreateChannel>(&bytes) {
                let _ = body.check(&caller, "localhost");
            }
            if let Ok(body) = json::from_str::<ChangeChannel>(&bytes) {
                let _ = body.check();
            }
            if let Ok(body) = json::from_str::<messaging_core::message::SendMessage>(&bytes) {
                let _ = body.check();
            }
            if let Ok(body) = json::from_str::<messaging_core::message::EditMessage>(&bytes) {
                let _ = body.check();
            }
            if let Ok(body) = json::from_str::<messaging_core::member::InviteMember>(&bytes) {
                let _ = body.check("localhost", "messaging");
            }
            let _ = json::from_str::<messaging_core::member::ChangeMember>(&bytes);
            let _ = json::from_str::<messaging_core::agent::AgentPost>(&bytes);
        }
    }

    #[test]
    fn a_matrix_event_is_read_whatever_is_in_it(
        content in any_json(),
        event in spoiled(json!({
            "event_id": "$a", "sender": "@a:x", "origin_server_ts": 1, "content": {"body": "b"},
            "unsigned": {"m.relations": {"m.replace": {"sender": "@a:x", "content": {"m.new_content": {"body": "c"}}}}},
        })),
        edit in any_json(),
    ) {
        let _ = (message_kind(Some(&content)), message_kind(content.get("m.relates_to")), relation(&content));
        let _ = is_canonical(&content);
        for event_type in ["m.room.message", "m.room.encrypted", "m.sticker", "m.poll.start", "org.matrix.msc3381.poll.start"] {
            let _ = (describe(event_type, &content), new_content(event_type, &content));
            let inside = json!({"m.poll": content, "msgtype": content, "body": content, "m.mentions": content});
            let _ = (describe(event_type, &inside), messaging_core::mention::in_content(&inside, "localhost"));
        }
        let raw = RawValue::from_string(content.to_string()).unwrap();
        prop_assert!(read_content(&raw).is_ok());
        let edited = json!({"content": content, "unsigned": {"m.relations": {"m.replace": edit}}});
        for document in [event, edited] {
            if let Ok(event) = serde_json::from_value::<RoomEvent>(document) {
                let _ = (event.content(), event.newest_content(), event.newest_edit());
            }
        }
    }
}

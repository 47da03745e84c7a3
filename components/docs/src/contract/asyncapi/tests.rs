//! What keeps the document true, besides what is tested of every document.

use super::document;
use super::examples::frame;
use messaging_core::advisory::ADVISORIES;
use messaging_core::event::EventType;
use messaging_core::paths;
use messaging_core::socket::{ClientCommand, CloseCode, Frame, MEMBERSHIP, Notice, PersonalFrame, RefusalCode};
use serde_json::Value;
use strum::{VariantArray, VariantNames};

/// The addresses of the channels at a server.
fn addresses(document: &Value, server: &str) -> Vec<String> {
    let channels = document["channels"].as_object().unwrap().values();
    let here = channels.filter(|channel| channel["servers"][0]["$ref"] == format!("#/servers/{server}"));
    here.map(|channel| channel["address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_socket_and_every_subject_is_a_channel() {
    let document = document();
    let templates = [paths::WEBSOCKET, paths::WEBSOCKETS].map(crate::contract::openapi::template);
    assert_eq!(addresses(&document, "relay"), templates);
    let mut subjects: Vec<_> = EventType::VARIANTS.iter().map(|event| event.subject()).collect();
    subjects.push(ADVISORIES);
    assert_eq!(addresses(&document, "nats"), subjects);
}

#[test]
fn every_message_has_words_a_schema_and_an_example() {
    let document = document();
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        assert_eq!(message["name"], *name);
        for field in ["title", "summary"] {
            assert!(message[field].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {field}");
        }
        assert!(message["payload"].is_object() && !message["examples"][0]["payload"].is_null(), "{name}");
        assert_eq!(message.get("headers").is_some(), EventType::from_subject(name).is_some(), "{name}");
    }
}

#[test]
fn examples_of_frames_and_commands_are_understood() {
    for event in EventType::VARIANTS.iter().filter(|event| event.frame_members().is_some()) {
        let example = frame(*event);
        let read: Frame = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), example);
    }
    let document = document();
    let messages = &document["components"]["messages"];
    let command = messages["command"]["examples"][0]["payload"].to_string();
    assert_eq!(ClientCommand::parse(&command).len(), 3);
    for name in Notice::VARIANTS {
        assert_eq!(messages[name]["examples"][0]["payload"]["type"], *name);
    }
}

#[test]
fn close_codes_are_a_table_and_data() {
    let document = document();
    let codes = |channel: &str, of: &str| document["channels"][channel][of].as_array().unwrap().clone();
    assert_eq!(codes("channel", "x-close-codes").len(), CloseCode::VARIANTS.len());
    assert_eq!(codes("channel", "x-refusal-codes").len(), RefusalCode::VARIANTS.len());
    for (channel, of) in
        ["channel", "channels"].into_iter().flat_map(|c| ["x-close-codes", "x-refusal-codes"].map(|of| (c, of)))
    {
        let description = document["channels"][channel]["description"].as_str().unwrap();
        for close in codes(channel, of) {
            let [reason, meaning, next] = ["reason", "meaning", "next"].map(|field| close[field].as_str().unwrap());
            assert!(description.contains(&format!("\n| {} | {reason} | {meaning} | {next} |", close["code"])));
        }
    }
}

#[test]
fn the_frame_of_a_membership_is_one_that_the_types_read() {
    let example = document()["components"]["messages"][MEMBERSHIP]["examples"][0]["payload"].clone();
    let read: PersonalFrame = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), example);
}

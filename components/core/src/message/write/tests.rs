use super::*;
use serde_json::json;

#[test]
fn text_is_counted_in_characters() {
    let send = |text: String| SendMessage {
        text: Some(text),
        msgtype: MessageType::Text,
        formatted_body: None,
        reply_to: None,
        encrypted: None,
        mentions: Vec::new(),
        notify: false,
        thread_id: None,
        file: None,
    };
    assert!(send("😀".repeat(10_000)).check().is_ok());
    assert!(send("a".repeat(10_001)).check().is_err());
    assert!(send(String::new()).check().is_err());
    assert!(send("a\0".to_owned()).check().is_err());
    assert!(send("a\n\u{202e}b".to_owned()).check().is_ok());
}

fn bad_fields(message: Value) -> Vec<String> {
    let checked = serde_json::from_value::<SendMessage>(message).unwrap().check();
    checked.err().into_iter().flat_map(|problem| problem.errors).filter_map(|error| error.pointer).collect()
}

#[test]
fn a_message_about_a_file_needs_one() {
    let file = json!({"content_uri": "mxc://x/y"});
    for kind in ["m.image", "m.file", "m.audio", "m.video"] {
        assert_eq!(bad_fields(json!({"text": "cat.png", "msgtype": kind})), ["/file"], "{kind}");
        assert!(bad_fields(json!({"text": "A cat", "msgtype": kind, "file": file})).is_empty());
        assert!(bad_fields(json!({"msgtype": kind, "file": file})).is_empty());
    }
    assert_eq!(bad_fields(json!({"text": "x", "file": file})), ["/msgtype"]);
    assert_eq!(bad_fields(json!({"msgtype": "m.file", "file": file, "formatted_body": "<b>x</b>"})), ["/text"]);
    assert_eq!(bad_fields(json!({"msgtype": "m.file", "file": file, "text": ""})), ["/text"]);
    let ciphertext = json!({"algorithm": "a", "ciphertext": "c"});
    assert_eq!(bad_fields(json!({"msgtype": "m.file", "file": file, "encrypted": ciphertext})), ["/file"]);
    assert!(bad_fields(json!({"text": "x", "msgtype": "m.notice"})).is_empty());
    assert!(bad_fields(json!({"text": "waves", "msgtype": "m.emote"})).is_empty());
}

#[test]
fn every_part_of_a_file_is_bounded() {
    let with = |field: &str, value: Value| {
        let mut file = json!({"content_uri": "mxc://x/y"});
        file[field] = value;
        bad_fields(json!({"msgtype": "m.audio", "file": file}))
    };
    for (field, bad) in [
        ("content_uri", json!("https://x/y")),
        ("thumbnail_uri", json!("mxc://x/../y")),
        ("filename", json!("../cat.png")),
        ("filename", json!("cat\u{202e}gnp.exe")),
        ("filename", json!("..")),
        ("filename", json!("")),
        ("filename", json!("a\0")),
        ("filename", json!("x".repeat(256))),
        ("content_type", json!("image/png; charset=x")),
        ("content_type", json!("image")),
        ("size", json!(-1)),
        ("width", json!(0)),
        ("height", json!(100_001)),
        ("duration_ms", json!(1_u64 << 53)),
        ("blurhash", json!("<script>")),
    ] {
        assert_eq!(with(field, bad.clone()), [format!("/file/{field}")], "{bad}");
    }
    for waveform in [json!(vec![0; 257]), json!([1_025])] {
        assert_eq!(with("voice", json!({"waveform": waveform})), ["/file/voice/waveform"]);
    }
    assert!(with("voice", json!({"waveform": [0, 1_024]})).is_empty());
    let voice = json!({"content_uri": "mxc://x/y", "voice": {"waveform": []}});
    assert_eq!(bad_fields(json!({"msgtype": "m.file", "file": voice})), ["/msgtype"]);
}

#[test]
fn mentions_are_of_somebody_and_not_beside_ciphertext() {
    assert!(bad_fields(json!({"text": "x", "mentions": ["user:bob", "room", "@x:server"]})).is_empty());
    assert_eq!(bad_fields(json!({"text": "x", "mentions": ["user:bob", "bob"]})), ["/mentions/1"]);
    let ciphertext = json!({"algorithm": "a", "ciphertext": "c"});
    assert_eq!(bad_fields(json!({"encrypted": ciphertext, "mentions": ["user:bob"]})), ["/mentions"]);
    assert!(bad_fields(json!({"encrypted": ciphertext, "mentions": []})).is_empty());
}

#[test]
fn ciphertext_has_the_fields_of_a_client_only() {
    let with = |field: &str, value: Value| {
        let mut content = json!({"algorithm": "a", "ciphertext": "c"});
        content[field] = value;
        content
    };
    let reply = json!({"m.in_reply_to": {"event_id": "$e"}});
    let id = "6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4";
    assert!(bad_fields(json!({"encrypted": with("m.relates_to", reply.clone())})).is_empty());
    assert!(bad_fields(json!({"encrypted": with("session_id", json!("s")), "reply_to": id})).is_empty());
    for field in ["city.daarion.key", "city.daarion.fingerprint", "city.daarion.anything"] {
        assert_eq!(bad_fields(json!({"encrypted": with(field, json!("x"))})), ["/encrypted"], "{field}");
    }
    let both = json!({"encrypted": with("m.relates_to", reply), "reply_to": id, "thread_id": id});
    assert_eq!(bad_fields(both), ["/reply_to", "/thread_id"]);
    let edit = json!({"rel_type": "m.replace", "event_id": "$e"});
    assert_eq!(bad_fields(json!({"encrypted": with("m.relates_to", edit)})), ["/encrypted/m.relates_to"]);
    for nonsense in [json!("x"), json!({}), json!({"rel_type": "m.thread"}), json!(null)] {
        assert_eq!(bad_fields(json!({"encrypted": with("m.relates_to", nonsense)})), ["/encrypted/m.relates_to"]);
    }
}

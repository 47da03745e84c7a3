use super::*;

fn file(message: Value) -> Option<File> {
    in_content("m.room.message", &message)
}

fn with(field: &str, value: Value) -> File {
    let mut message = json!({"msgtype": "m.image", "body": "cat.png", "url": "mxc://x/y", "info": {}});
    match field.strip_prefix("info/") {
        Some(field) => message["info"][field] = value,
        None => message[field] = value,
    }
    file(message).unwrap()
}

/// As Element makes one (matrix-react-sdk, `createVoiceMessageContent`).
fn elements_voice() -> Value {
    json!({
        "body": "Voice message", "msgtype": "m.audio", "url": "mxc://x/voice",
        "info": {"duration": 3_000, "mimetype": "audio/ogg", "size": 3_500},
        "org.matrix.msc1767.text": "Voice message",
        "org.matrix.msc1767.file": {"url": "mxc://x/voice", "name": "Voice message.ogg", "mimetype": "audio/ogg", "size": 3_500},
        "org.matrix.msc1767.audio": {"duration": 3_000, "waveform": [0, 512, 1024]},
        "org.matrix.msc3245.voice": {}
    })
}

#[test]
fn a_voice_message_of_element_is_one() {
    let voice = file(elements_voice()).unwrap();
    assert_eq!(voice.voice, Some(Voice { waveform: vec![0, 512, 1024] }));
    assert_eq!((voice.duration_ms, voice.size), (Some(3_000), Some(3_500)));
    assert_eq!(voice.content_type.as_deref(), Some("audio/ogg"));
    let mut earlier = elements_voice();
    earlier.as_object_mut().unwrap().remove("org.matrix.msc3245.voice");
    assert_eq!(file(earlier.clone()).unwrap().voice, None);
    earlier["org.matrix.msc2516.voice"] = json!({});
    assert!(file(earlier).unwrap().voice.is_some());
}

#[test]
fn what_is_sent_is_what_is_read() {
    let sent = NewFile {
        content_uri: "mxc://x/y".to_owned(),
        filename: Some("song.ogg".to_owned()),
        content_type: Some("audio/ogg".to_owned()),
        size: Some(5),
        width: Some(640),
        height: Some(480),
        duration_ms: Some(1_500),
        thumbnail_uri: Some("mxc://x/small".to_owned()),
        blurhash: Some("LEHV6nWB2yk8".to_owned()),
        voice: Some(Voice { waveform: vec![0, 1024] }),
    };
    let mut errors = Vec::new();
    sent.check(&mut errors);
    assert!(errors.is_empty());
    let made = Value::Object(content(MessageType::Audio, &sent, Some("Listen"), Some("<b>Listen</b>")));
    assert_eq!((&made["body"], &made["filename"]), (&json!("Listen"), &json!("song.ogg")));
    assert_eq!(made["formatted_body"], "<b>Listen</b>");
    assert!(crate::matrix::is_canonical(&made));
    let read = json!(file(made).unwrap());
    for (field, value) in json!(sent).as_object().unwrap() {
        assert_eq!(&read[field], value, "{field}");
    }
    assert_eq!(read["is_encrypted"], false);
    let bare = NewFile { content_uri: "mxc://x/y".to_owned(), ..NewFile::default() };
    let made = Value::Object(content(MessageType::File, &bare, None, None));
    assert_eq!(made, json!({"msgtype": "m.file", "body": "file", "filename": "file", "url": "mxc://x/y", "info": {}}));
}

#[test]
fn only_what_has_content_is_a_file() {
    for nothing in [
        json!({"msgtype": "m.text", "body": "x", "url": "mxc://x/y"}),
        json!({"msgtype": "m.image", "body": "x"}),
        json!({"msgtype": "m.image", "body": "x", "url": 7}),
        json!({"msgtype": "m.image", "body": "x", "url": "https://x/y.png"}),
        json!({"msgtype": "m.image", "body": "x", "url": "mxc://x/../y"}),
        json!({"msgtype": "m.image", "body": "x", "url": "mxc://x/y", "file": {"url": "mxc://"}}),
        json!({"url": "mxc://x/y"}),
        Value::Null,
    ] {
        assert_eq!(file(nothing.clone()), None, "{nothing}");
    }
    assert_eq!(in_content("m.room.encrypted", &json!({"msgtype": "m.image", "body": "x", "url": "mxc://x/y"})), None);
}

#[test]
fn a_sticker_has_a_file_without_a_name() {
    let sticker =
        json!({"body": "Hedgehog", "url": "mxc://x/y", "info": {"w": 128, "h": 128, "mimetype": "image/webp"}});
    let file = in_content("m.sticker", &sticker).unwrap();
    assert_eq!((file.filename, file.width, file.content_type.as_deref()), (None, Some(128), Some("image/webp")));
}

#[test]
fn an_encrypted_file_tells_what_is_open() {
    let message = json!({
        "msgtype": "m.image", "body": "cat.png", "url": "mxc://x/decoy",
        "file": {"url": "mxc://x/secret", "key": {"k": "secret"}, "iv": "i", "hashes": {"sha256": "h"}, "v": "v2"},
        "info": {"thumbnail_url": "mxc://x/decoy", "thumbnail_file": {"url": "mxc://x/small"}, "size": 9}
    });
    let file = file(message).unwrap();
    assert!(file.is_encrypted && !json!(file).to_string().contains("\"k\""));
    assert_eq!((file.content_uri.as_str(), file.thumbnail_uri.as_deref()), ("mxc://x/secret", Some("mxc://x/small")));
}

#[test]
fn a_name_is_a_line_without_a_path() {
    for (name, expected) in [
        ("report.pdf", Some("report.pdf")),
        ("../../etc/passwd", Some("passwd")),
        ("C:\\Users\\eve\\cat.png", Some("cat.png")),
        ("folder/", Some("folder")),
        ("cat\u{202e}gnp.exe", Some("catgnp.exe")),
        ("a\nb\0c", Some("a b\u{fffd}c")),
        ("..", None),
        ("a/..", None),
        ("...", None),
        ("\u{200b}", None),
        ("", None),
    ] {
        assert_eq!(with("filename", json!(name)).filename.as_deref(), expected, "{name:?}");
    }
    assert_eq!(with("filename", json!("é".repeat(9_000))).filename.unwrap().chars().count(), MAX_NAME_CHARACTERS);
    assert_eq!(with("filename", json!(7)).filename.as_deref(), Some("cat.png"));
}

#[test]
fn what_is_odd_is_left_out() {
    for odd in [json!(-1), json!(1.5), json!("9"), json!(null), json!([]), json!({}), json!(u64::MAX)] {
        for field in ["info/size", "info/w", "info/h", "info/duration"] {
            let file = with(field, odd.clone());
            assert_eq!(
                (file.size, file.width, file.height, file.duration_ms),
                (None, None, None, None),
                "{field} {odd}"
            );
        }
    }
    assert_eq!((with("info/w", json!(0)).width, with("info/h", json!(MAX_PIXELS + 1)).height), (None, None));
    for (kind, expected) in [
        ("IMAGE/PNG; charset=x", Some("image/png")),
        ("image/svg+xml", Some("image/svg+xml")),
        ("image", None),
        ("image/p ng", None),
        ("image/png\r\nX: y", None),
        ("/", None),
        ("../x", None),
    ] {
        assert_eq!(with("info/mimetype", json!(kind)).content_type.as_deref(), expected, "{kind:?}");
    }
    assert_eq!(with("info/blurhash", json!("LEHV6nWB2yk8")).blurhash.as_deref(), Some("LEHV6nWB2yk8"));
    for hash in ["", "<b>", "short", "\"'\\", &"A".repeat(167)] {
        assert_eq!(with("info/xyz.amorgan.blurhash", json!(hash)).blurhash, None, "{hash}");
    }
    for uri in [json!("https://x/y"), json!("mxc://a/b?c"), json!(7)] {
        assert_eq!(with("info/thumbnail_url", uri).thumbnail_uri, None);
    }
    assert_eq!(with("info", json!([])).size, None);
    assert_eq!(with("org.matrix.msc3245.voice", json!({})).voice, None, "a picture is no voice message");
}

#[test]
fn a_waveform_is_bounded() {
    let waveform = |points: Value| {
        let mut message = elements_voice();
        message["org.matrix.msc1767.audio"]["waveform"] = points;
        file(message).unwrap().voice.unwrap().waveform
    };
    assert_eq!(waveform(json!([-5, 1e300, 3.6, "x", null, 2000])), [0, 1024, 4, 0, 0, 1024]);
    for odd in [json!(null), json!({}), json!("x"), json!([])] {
        assert_eq!(waveform(odd), [0; 0]);
    }
    let long: Vec<_> = (0..1_000).collect();
    let shown = waveform(json!(long));
    assert!(shown.len() <= MAX_WAVEFORM && shown[0] == 3 && shown.is_sorted() && shown.last() == Some(&999));
}

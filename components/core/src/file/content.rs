//! A file in the content of an event (Matrix client-server API, "m.room.message msgtypes", "m.sticker"; MSC3245, MSC1767,
//! MSC2448).

use super::name::last_part;
use super::write::{is_blurhash, is_media_type};
use super::{
    File, MAX_DURATION_MS, MAX_LOUDNESS, MAX_NAME_CHARACTERS, MAX_PIXELS, MAX_SIZE, MAX_WAVEFORM, NewFile, Voice,
};
use crate::matrix::{content_type, text};
use crate::message::MessageType;
use crate::text::is_mxc;
use serde_json::{Map, Value, json};

/// What marks a voice message; the second name is an earlier one.
const VOICE: [&str; 2] = ["org.matrix.msc3245.voice", "org.matrix.msc2516.voice"];
/// What an audio player shows.
const AUDIO: &str = "org.matrix.msc1767.audio";
/// Both names of a BlurHash.
const BLURHASH: [&str; 2] = ["xyz.amorgan.blurhash", "blurhash"];
/// What a file is called of which nobody says what it is called.
const UNNAMED: &str = "file";

/// The file that a message brings; `None` when it is none, or when nobody can tell where its content is.
pub fn in_content(event_type: &str, message: &Value) -> Option<File> {
    let kind = match event_type {
        "m.room.message" => content_type(text(message, "msgtype")?),
        "m.sticker" => "sticker",
        _ => return None,
    };
    if !matches!(kind, "image" | "file" | "audio" | "video" | "sticker") {
        return None;
    }
    let encrypted = message.get("file").filter(|file| file.is_object());
    let mxc = |value: Option<&Value>| Some(value?.as_str().filter(|uri| is_mxc(uri))?.to_owned());
    let content_uri = match encrypted {
        Some(file) => mxc(file.get("url"))?,
        None => mxc(message.get("url"))?,
    };
    let info = message.get("info").unwrap_or(&Value::Null);
    let thumbnail = info.pointer("/thumbnail_file/url").filter(|_| encrypted.is_some()).or(info.get("thumbnail_url"));
    let audio = message.get(AUDIO).unwrap_or(&Value::Null);
    let duration = whole(info.get("duration"), 0, MAX_DURATION_MS);
    let name = text(message, "filename").or(text(message, "body")).filter(|_| kind != "sticker");
    let is_voice = kind == "audio" && VOICE.iter().any(|field| message.get(field).is_some_and(Value::is_object));
    Some(File {
        content_uri,
        filename: name.and_then(|name| last_part(name, MAX_NAME_CHARACTERS)),
        content_type: text(info, "mimetype").and_then(media_type),
        size: whole(info.get("size"), 0, MAX_SIZE),
        width: whole(info.get("w"), 1, MAX_PIXELS),
        height: whole(info.get("h"), 1, MAX_PIXELS),
        duration_ms: duration.or_else(|| whole(audio.get("duration"), 0, MAX_DURATION_MS)),
        thumbnail_uri: mxc(thumbnail),
        blurhash: BLURHASH.iter().find_map(|key| text(info, key)).filter(|hash| is_blurhash(hash)).map(str::to_owned),
        voice: is_voice.then(|| Voice { waveform: waveform(audio.get("waveform")) }),
        is_encrypted: encrypted.is_some(),
    })
}

/// The content of the message with a file: `caption` is its text, if it has one, and `formatted` that as HTML.
pub fn content(
    kind: MessageType,
    file: &NewFile,
    caption: Option<&str>,
    formatted: Option<&str>,
) -> Map<String, Value> {
    let name = file.filename.as_deref().unwrap_or(UNNAMED);
    let mut info = Map::new();
    for (field, value) in [
        ("mimetype", file.content_type.as_ref().map(|kind| json!(kind))),
        ("size", file.size.map(|size| json!(size))),
        ("w", file.width.map(|width| json!(width))),
        ("h", file.height.map(|height| json!(height))),
        ("duration", file.duration_ms.map(|duration| json!(duration))),
        ("thumbnail_url", file.thumbnail_uri.as_ref().map(|uri| json!(uri))),
        (BLURHASH[0], file.blurhash.as_ref().map(|hash| json!(hash))),
        (BLURHASH[1], file.blurhash.as_ref().map(|hash| json!(hash))),
    ] {
        if let Some(value) = value {
            info.insert(field.to_owned(), value);
        }
    }
    let mut content = Map::from_iter([
        ("msgtype".to_owned(), json!(kind.as_str())),
        ("body".to_owned(), json!(caption.unwrap_or(name))),
        ("filename".to_owned(), json!(name)),
        ("url".to_owned(), json!(file.content_uri)),
        ("info".to_owned(), Value::Object(info)),
    ]);
    if let Some(formatted) = formatted {
        content.insert("format".to_owned(), json!("org.matrix.custom.html"));
        content.insert("formatted_body".to_owned(), json!(formatted));
    }
    if let Some(voice) = &file.voice {
        let mut audio = Map::from_iter([("waveform".to_owned(), json!(voice.waveform))]);
        if let Some(duration) = file.duration_ms {
            audio.insert("duration".to_owned(), json!(duration));
        }
        content.insert(AUDIO.to_owned(), Value::Object(audio));
        content.insert(VOICE[0].to_owned(), json!({}));
    }
    content
}

fn whole(value: Option<&Value>, min: i64, max: i64) -> Option<i64> {
    value?.as_i64().filter(|number| (min..=max).contains(number))
}

/// A media type as it is compared: without parameters, in small letters.
fn media_type(text: &str) -> Option<String> {
    let kind = text.split(';').next()?.trim().to_ascii_lowercase();
    is_media_type(&kind).then_some(kind)
}

/// A waveform of as many points as are shown: of a longer one, the loudest of each step.
fn waveform(value: Option<&Value>) -> Vec<u16> {
    let points = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let loudness = |point: &Value| {
        let point = point.as_f64().filter(|point| point.is_finite()).unwrap_or(0.0);
        // A cast truncates, and what is out of bounds is clamped before.
        point.clamp(0.0, f64::from(MAX_LOUDNESS)).round() as u16
    };
    let step = points.len().div_ceil(MAX_WAVEFORM).max(1);
    points.chunks(step).map(|chunk| chunk.iter().map(loudness).max().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests;

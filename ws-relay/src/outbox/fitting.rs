//! Makes an event fit into a message of NATS: nothing may wait behind one that never can.

use bytes::Bytes;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What every event has, however short it is.
const ENVELOPE: [&str; 4] = ["event_id", "channel_id", "microdao_id", "seq"];
/// Room for the headers of a message, in bytes.
const HEADERS: usize = 512;

/// The largest payload, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Limit(usize);

/// A payload that fits.
pub struct Fitting {
    /// The JSON text.
    pub payload: Bytes,
    /// The members that are empty instead of what they were.
    pub left_out: Vec<String>,
}

impl Limit {
    /// The limits of the server and of the stream, which has none when it is not positive.
    pub fn new(max_payload: usize, max_message_size: i32) -> Self {
        let stream = usize::try_from(max_message_size).ok().filter(|size| *size > 0);
        Self(stream.unwrap_or(usize::MAX).min(max_payload).saturating_sub(HEADERS))
    }

    /// Whether a text fits as it is.
    pub fn takes(self, text: &str) -> bool {
        text.len() <= self.0
    }

    /// Leaves out what does not fit: the largest members first, each of which becomes empty. With `shortest` all of them.
    pub fn fit(self, payload: &str, shortest: bool) -> Fitting {
        let whole = || Fitting { payload: payload.to_owned().into(), left_out: Vec::new() };
        if self.takes(payload) && !shortest {
            return whole();
        }
        shortened(payload, if shortest { 0 } else { self.0 }).unwrap_or_else(whole)
    }
}

fn shortened(payload: &str, limit: usize) -> Option<Fitting> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(payload).ok()?;
    let mut sizes: Vec<_> = members.iter().map(|(name, value)| (value.get().len(), name.clone())).collect();
    sizes.retain(|(_, name)| !ENVELOPE.contains(&name.as_str()));
    sizes.sort_unstable();
    let mut left_out = Vec::new();
    loop {
        let text = serde_json::to_string(&members).ok()?;
        let largest = if text.len() > limit { sizes.pop() } else { None };
        let Some((_, name)) = largest else { return Some(Fitting { payload: text.into(), left_out }) };
        if let Some(empty) = members.get(&name).and_then(|value| empty(value.get())) {
            members.insert(name.clone(), empty);
            left_out.push(name);
        }
    }
}

/// The empty value of the same kind; `None` for what has a fixed size.
fn empty(json: &str) -> Option<Box<RawValue>> {
    let empty = match json.as_bytes().first()? {
        b'"' => "\"\"",
        b'{' => "{}",
        b'[' => "[]",
        _ => return None,
    };
    RawValue::from_string(empty.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fit(payload: &Value, limit: usize) -> (Value, Vec<String>) {
        let fitting = Limit(limit).fit(&payload.to_string(), false);
        (serde_json::from_slice(&fitting.payload).unwrap(), fitting.left_out)
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        let payload = r#"{"seq" : 1}"#;
        let fitting = Limit::new(1_000_000, -1).fit(payload, false);
        assert_eq!(&fitting.payload[..], payload.as_bytes());
        assert!(fitting.left_out.is_empty());
    }

    #[test]
    fn the_largest_members_are_left_out_and_named() {
        let payload = json!({"event_id": "e".repeat(36), "seq": 1, "content": {"body": "x".repeat(900)},
                             "preview": "y".repeat(300), "tags": ["z"], "sender_id": "user:a"});
        let (short, left_out) = fit(&payload, 500);
        assert_eq!((&short["content"], left_out), (&json!({}), vec!["content".to_owned()]));
        assert_eq!(short["preview"], payload["preview"]);
        let (shorter, left_out) = fit(&payload, 200);
        assert_eq!((&shorter["preview"], left_out), (&json!(""), vec!["content".to_owned(), "preview".to_owned()]));
        assert_eq!((&shorter["event_id"], &shorter["seq"]), (&payload["event_id"], &json!(1)));
        let shortest = Limit(9_999).fit(&payload.to_string(), true);
        assert_eq!(shortest.left_out, ["content", "preview", "sender_id", "tags"]);
    }

    #[test]
    fn the_limit_is_the_lower_one_of_server_and_stream() {
        assert_eq!(Limit::new(1024, -1).0, 512);
        assert_eq!(Limit::new(4096, 1024).0, 512);
        assert_eq!(Limit::new(1024, 4096).0, 512);
    }
}

//! JSON bodies.

use super::Request;
use http::header;
use messaging_core::json::Strict;
use messaging_core::problem::{FieldError, Problem};
use serde::de::DeserializeOwned;

/// Refuses a request whose `Content-Type` says that its body is no JSON.
pub fn json_body(request: &Request) -> Result<(), Problem> {
    let is_json = request.header(header::CONTENT_TYPE.as_str()).is_none_or(|value| {
        let media = value.split(';').next().unwrap_or("").trim();
        media.eq_ignore_ascii_case("application/json") || media.ends_with("+json")
    });
    if is_json {
        return Ok(());
    }
    Err(Problem::unsupported_media_type())
}

/// Reads JSON into a model, an object where the model is one; the problem says which field does not fit.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Strict(&mut deserializer)).map_err(|e| {
        let path = e.path().to_string();
        let inner = e.into_inner();
        // serde_json also speaks of syntax where a well-formed value has the wrong kind.
        let well_formed = || serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
        if inner.classify() != serde_json::error::Category::Data && !well_formed() {
            return Problem::invalid_json(inner);
        }
        match path.as_str() {
            "." | "?" | "" => Problem::invalid(vec![FieldError::whole_body(format!("does not fit: {inner}"))]),
            path => Problem::invalid_field(&pointer(path), format!("does not fit: {inner}")),
        }
    })?;
    deserializer.end().map_err(Problem::invalid_json)?;
    Ok(value)
}

/// A path as serde_path_to_error writes it (`members[0].id`) as the rest of a JSON pointer (`members/0/id`).
fn pointer(path: &str) -> String {
    path.trim_start_matches('[').replace("].", "/").replace(['.', '['], "/").replace(']', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::channel::CreateChannel;

    #[test]
    fn a_field_of_the_wrong_kind_is_named() {
        let body = br#"{"slug": 1, "name": "x", "microdao_id": "microdao:x"}"#;
        let problem = parse_json::<CreateChannel>(body).unwrap_err();
        assert_eq!(problem.status, 422);
        assert_eq!(problem.errors[0].pointer.as_deref(), Some("/slug"));
    }

    #[test]
    fn a_body_of_the_wrong_kind_is_named_as_such() {
        for body in [&b"[]"[..], b"7", b"null", br#"["a", "b", null, "microdao:x"]"#] {
            let problem = parse_json::<CreateChannel>(body).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.errors[0].pointer.as_deref()), (422, Some("")), "{body:?}");
            assert!(problem.detail.starts_with("The body does not fit"), "{}", problem.detail);
        }
    }

    #[test]
    fn an_item_of_an_array_is_named_by_its_index() {
        let body = br#"{"is_direct": true, "microdao_id": "microdao:x", "members": [1]}"#;
        let problem = parse_json::<CreateChannel>(body).unwrap_err();
        assert_eq!(problem.errors[0].pointer.as_deref(), Some("/members/0"));
        assert_eq!(pointer("[3].a[0][1].b"), "3/a/0/1/b");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for body in [&b"{"[..], b"", br#"{"microdao_id": "x"} {}"#, b"\xff", br#"{"slug": "\ud800"}"#] {
            assert_eq!(parse_json::<CreateChannel>(body).unwrap_err().status, 400, "{body:?}");
        }
    }
}

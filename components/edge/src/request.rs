//! Requests, read with care: bodies bounded and in time, paths from the URI.

use crate::deadline::within;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt;
use messaging_core::ids::{ChannelId, EntityId, MessageId};
use messaging_core::keys::ClientKey;
use messaging_core::problem::{FieldError, Problem};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::time::Duration;

/// How many bytes a JSON body may have: the longest text with its HTML, escaped.
pub const MAX_JSON_BYTES: usize = 256 * 1024;
/// How long a caller may take to send its body.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// One request.
pub struct Request {
    method: Method,
    uri: http::Uri,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    body: spin_sdk::wasip3::http_compat::IncomingRequestBody,
    /// Names the request in the answer and in the log.
    pub id: String,
}

impl Request {
    pub(crate) fn new(request: spin_sdk::http::Request) -> Self {
        let (parts, body) = request.into_parts();
        let id = parts
            .headers
            .get("x-request-id")
            .and_then(|value| value.to_str().ok())
            .filter(|id| is_request_id(id))
            .map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let query = parts.uri.query().map(parse_query).unwrap_or_default();
        // A HEAD is a GET whose body the host leaves out.
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method };
        Self { method, uri: parts.uri, headers: parts.headers, query, body, id }
    }

    /// The method; `HEAD` reads as `GET`.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path as the client sent it.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The path's segment at `index`, percent-decoded; empty when there is none or it is no UTF-8.
    ///
    /// Read from the URI, because a client can send the `spin-path-match-*` headers itself.
    pub fn segment(&self, index: usize) -> Cow<'_, str> {
        let segment = self.uri.path().trim_matches('/').split('/').nth(index).unwrap_or("");
        percent_decode_str(segment).decode_utf8().unwrap_or(Cow::Borrowed(""))
    }

    /// The channel of `/api/messaging/channels/:channel_id/…`; a malformed id is an unknown one.
    pub fn channel_id(&self) -> Result<ChannelId, Problem> {
        ChannelId::parse(&self.segment(3)).ok_or_else(|| Problem::not_found("channel"))
    }

    /// The message of `/api/messaging/channels/:channel_id/messages/:message_id/…`.
    pub fn message_id(&self) -> Result<MessageId, Problem> {
        MessageId::parse(&self.segment(5)).ok_or_else(|| Problem::not_found("message"))
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header that may come once; `None` when it is absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The caller's `Idempotency-Key`, if there is one. One that is no key is refused, never ignored.
    pub fn idempotency_key(&self, caller: &EntityId) -> Result<Option<ClientKey>, Problem> {
        let Some(header) = self.headers.get("idempotency-key") else { return Ok(None) };
        // What is not ASCII is no key either; the empty text stands for it.
        ClientKey::new(caller, header.to_str().unwrap_or("")).map(Some)
    }

    /// Reads the whole body, at most `limit` bytes.
    pub async fn bytes(self, limit: usize) -> Result<Bytes, Problem> {
        let too_large = || Problem::too_large(format!("The body may have at most {limit} bytes."));
        let declared = self.header("content-length").and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut body = self.body;
        let read = async {
            let mut whole = BytesMut::new();
            while let Some(frame) = body.frame().await {
                let frame =
                    frame.map_err(|e| Problem::bad_request("incomplete_body", "The body broke off.").with_inside(e))?;
                if let Ok(data) = frame.into_data() {
                    if whole.len() + data.len() > limit {
                        return Err(too_large());
                    }
                    whole.extend_from_slice(&data);
                }
            }
            Ok(whole.freeze())
        };
        within(BODY_DEADLINE, read).await.unwrap_or_else(|| {
            Err(Problem::new(http::StatusCode::REQUEST_TIMEOUT, "slow_body", "The body did not arrive in time."))
        })
    }

    /// Reads a JSON body into a model.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let is_json = self.header(header::CONTENT_TYPE.as_str()).is_none_or(|value| {
            let media = value.split(';').next().unwrap_or("").trim();
            media.eq_ignore_ascii_case("application/json") || media.ends_with("+json")
        });
        if !is_json {
            return Err(Problem::new(
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be JSON, with Content-Type: application/json.",
            ));
        }
        parse_json(&self.bytes(MAX_JSON_BYTES).await?)
    }

    /// The body in pieces as they arrive, at most `limit` bytes in all. How long it may take is up to the reader.
    pub fn into_chunks(self, limit: usize) -> impl Stream<Item = Result<Bytes, Problem>> + Send + 'static {
        futures_util::stream::try_unfold((self.body, 0_usize), move |(mut body, read)| async move {
            while let Some(frame) = body.frame().await {
                let frame =
                    frame.map_err(|e| Problem::bad_request("incomplete_body", "The body broke off.").with_inside(e))?;
                let Ok(data) = frame.into_data() else { continue };
                let read = read.saturating_add(data.len());
                if read > limit {
                    return Err(Problem::too_large(format!("The body may have at most {limit} bytes.")));
                }
                return Ok(Some((data, (body, read))));
            }
            Ok(None)
        })
    }
}

/// Reads JSON into a model; the problem says which field does not fit.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
        let path = e.path().to_string();
        let inner = e.into_inner();
        // serde_json also speaks of syntax where a well-formed value has the wrong kind.
        let well_formed = || serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
        if inner.classify() != serde_json::error::Category::Data && !well_formed() {
            return Problem::bad_request("invalid_json", format!("The body is not valid JSON: {inner}."));
        }
        match path.as_str() {
            "." | "?" | "" => Problem::invalid(vec![FieldError::body("", format!("does not fit: {inner}"))]),
            path => Problem::invalid_field(&path.replace('.', "/"), format!("does not fit: {inner}")),
        }
    })?;
    deserializer
        .end()
        .map_err(|e| Problem::bad_request("invalid_json", format!("The body is not valid JSON: {e}.")))?;
    Ok(value)
}

fn is_request_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Splits a query (`application/x-www-form-urlencoded`); values that are no UTF-8 are read with U+FFFD.
fn parse_query(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .take(32)
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::models::CreateChannel;

    #[test]
    fn a_field_of_the_wrong_kind_is_named() {
        let body = br#"{"slug": 1, "name": "x", "microdao_id": "microdao:x"}"#;
        let problem = parse_json::<CreateChannel>(body).unwrap_err();
        assert_eq!(problem.status, 422);
        assert_eq!(problem.errors[0].pointer.as_deref(), Some("/slug"));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for body in [&b"{"[..], b"", br#"{"microdao_id": "x"} {}"#, b"\xff", br#"{"slug": "\ud800"}"#] {
            assert_eq!(parse_json::<CreateChannel>(body).unwrap_err().status, 400, "{body:?}");
        }
    }

    #[test]
    fn a_query_may_hold_anything() {
        assert_eq!(
            parse_query("a=1&b=x%20y+z&c&=&a=2&d=%ff"),
            [("a", "1"), ("b", "x y z"), ("c", ""), ("", ""), ("a", "2"), ("d", "\u{fffd}")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }
}

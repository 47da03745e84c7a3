//! Requests, read with care: bodies bounded and in time, paths from the URI.

use crate::deadline::within;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::BodyExt;
use messaging_core::paths::Params;
use messaging_core::problem::Problem;
use percent_encoding::percent_decode_str;
use spin_sdk::wasip3::http_compat::IncomingRequestBody;
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
    params: Params,
    /// `None` once it is read.
    body: Option<IncomingRequestBody>,
    id: String,
}

impl Request {
    pub(super) fn new(request: spin_sdk::http::Request) -> Self {
        let (parts, body) = request.into_parts();
        let id = parts
            .headers
            .get("x-request-id")
            .and_then(|value| value.to_str().ok())
            .filter(|id| is_request_id(id))
            .map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
        let query = parts.uri.query().map(parse_query).unwrap_or_default();
        // The host leaves out the body of the response to a HEAD.
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method };
        Self { method, uri: parts.uri, headers: parts.headers, query, params: Params::default(), body: Some(body), id }
    }

    /// The method; `HEAD` reads as `GET`.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path as the client sent it. Read from the URI, because a client can send the headers in which Spin passes
    /// on the path's parameters itself.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Names the request in the response and in the log.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The path's parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    pub(super) fn set_params(&mut self, params: Params) {
        self.params = params;
    }

    /// The request with its body, out of a reference; what is left has no body any more.
    pub(super) fn take(&mut self) -> Self {
        Self {
            method: self.method.clone(),
            uri: self.uri.clone(),
            headers: std::mem::take(&mut self.headers),
            query: std::mem::take(&mut self.query),
            params: std::mem::take(&mut self.params),
            body: self.body.take(),
            id: self.id.clone(),
        }
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header that may come once; `None` when it is absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw_header(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn raw_header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers.get(name)
    }

    /// Reads the whole body, at most `limit` bytes.
    pub async fn bytes(&mut self, limit: usize) -> Result<Bytes, Problem> {
        let declared = self.header("content-length").and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let Some(mut body) = self.body.take() else { return Err(Problem::internal("the body was read before")) };
        let read = async {
            let mut whole = BytesMut::new();
            while let Some(frame) = body.frame().await {
                if let Ok(data) = frame.map_err(incomplete)?.into_data() {
                    if whole.len() + data.len() > limit {
                        return Err(too_large(limit));
                    }
                    whole.extend_from_slice(&data);
                }
            }
            Ok(whole.freeze())
        };
        within(BODY_DEADLINE, read).await.unwrap_or_else(|| Err(Problem::slow_body()))
    }

    /// The body in pieces as they arrive, at most `limit` bytes in all. How long it may take is up to the reader.
    pub fn into_chunks(self, limit: usize) -> impl Stream<Item = Result<Bytes, Problem>> + Send + 'static {
        futures_util::stream::try_unfold((self.body, 0_usize), move |(body, read)| async move {
            let Some(mut body) = body else { return Ok(None) };
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame.map_err(incomplete)?.into_data() else { continue };
                let read = read.saturating_add(data.len());
                if read > limit {
                    return Err(too_large(limit));
                }
                return Ok(Some((data, (Some(body), read))));
            }
            Ok(None)
        })
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::too_large(format!("The body may have at most {limit} bytes."))
}

fn incomplete(reason: impl std::fmt::Display) -> Problem {
    Problem::incomplete_body().with_internal_message(reason)
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

    #[test]
    fn a_query_may_hold_anything() {
        assert_eq!(
            parse_query("a=1&b=x%20y+z&c&=&a=2&d=%ff"),
            [("a", "1"), ("b", "x y z"), ("c", ""), ("", ""), ("a", "2"), ("d", "\u{fffd}")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }
}

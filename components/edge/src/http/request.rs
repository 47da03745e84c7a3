//! Requests, read with care: bodies bounded and in time, paths from the URI.

use super::Chunks;
use super::query::parse_query;
use crate::deadline::within;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::BodyExt;
use messaging_core::paths::Params;
use messaging_core::problem::Problem;
use messaging_core::trace::{REQUEST_ID, TRACEPARENT, Trace, is_request_id};
use spin_sdk::wasip3::http_compat::IncomingRequestBody;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// The methods that are told from each other in the log.
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// How many bytes a JSON body may have: the longest text with its HTML, escaped.
pub const MAX_JSON_BYTES: usize = 256 * 1024;
/// How long a caller may take to send its body.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// How many bytes of a body are thrown away at most that nobody has read: more than a homeserver takes of a file.
const MAX_DISCARDED: usize = 64 * 1024 * 1024;
/// For how long they are, and how long the next of them may take: who sends none, or no more, waits for the response.
const DISCARDING: Duration = Duration::from_secs(60);
const DISCARDING_PAUSE: Duration = Duration::from_secs(2);

/// A request's body; nothing once it is read.
#[derive(Clone, Default)]
struct Body(Arc<Mutex<Option<IncomingRequestBody>>>);

impl Body {
    fn take(&self) -> Option<IncomingRequestBody> {
        self.0.lock().ok()?.take()
    }
}

/// What is left of a request when it has been refused.
pub(super) struct Unread {
    body: Body,
    waits: bool,
}

impl Unread {
    /// Reads the body to its end, where nobody has and it is not too long. A host that closes a connection on which bytes are
    /// still coming makes its client see a broken connection, and not why it was refused.
    pub async fn discard(self) {
        // Who waits for `100 Continue` has sent nothing.
        let Some(mut body) = self.body.take().filter(|_| !self.waits) else { return };
        let discard = async {
            let mut read = 0_usize;
            while let Some(Some(Ok(frame))) = within(DISCARDING_PAUSE, body.frame()).await {
                read = read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
                if read > MAX_DISCARDED {
                    break;
                }
            }
        };
        within(DISCARDING, discard).await;
    }
}

/// One request.
pub struct Request {
    method: Method,
    is_head: bool,
    uri: http::Uri,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    params: Params,
    body: Body,
    id: String,
    trace: Trace,
}

impl Request {
    /// The request, and whether its query can be read.
    pub(super) fn new(request: spin_sdk::http::Request) -> (Self, Result<(), Problem>) {
        let (parts, body) = request.into_parts();
        let id = parts
            .headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| is_request_id(id))
            .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let trace = trace(&parts.headers);
        let (query, readable) = match parse_query(parts.uri.query().unwrap_or_default()) {
            Ok(query) => (query, Ok(())),
            Err(problem) => (Vec::new(), Err(problem)),
        };
        // The host leaves out the body of the response to a HEAD.
        let is_head = parts.method == Method::HEAD;
        let method = if is_head { Method::GET } else { parts.method };
        let (uri, headers) = (parts.uri, parts.headers);
        let body = Body(Arc::new(Mutex::new(Some(body))));
        (Self { method, is_head, uri, headers, query, params: Params::default(), body, id, trace }, readable)
    }

    /// The method; `HEAD` reads as `GET`.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Whether nothing but the response's head is asked for.
    pub fn is_head(&self) -> bool {
        self.is_head
    }

    /// How many bytes the body is said to have; `None` when it is not said in digits.
    pub fn content_length(&self) -> Option<u64> {
        let length = self.header("content-length")?.trim();
        length.parse().ok().filter(|_| length.bytes().all(|b| b.is_ascii_digit()))
    }

    /// The path as the client sent it. Read from the URI, because a client can send the headers in which Spin passes
    /// on the path's parameters itself.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// What is to be done with the body where nobody reads it. A length beyond what is discarded is left alone.
    pub(super) fn unread(&self) -> Unread {
        let waits = self.header("expect").is_some() || self.declares_over(MAX_DISCARDED);
        Unread { body: self.body.clone(), waits }
    }

    /// Names the request in the response and in the log.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its place in the trace that it belongs to.
    pub(super) fn trace(&self) -> Trace {
        self.trace
    }

    /// The method as the client sent it, or `OTHER`: clients can make up any number of them.
    pub(super) fn known_method(&self) -> &'static str {
        match self.method.as_str() {
            "GET" if self.is_head => "HEAD",
            method => METHODS.into_iter().find(|known| *known == method).unwrap_or("OTHER"),
        }
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
            is_head: self.is_head,
            uri: self.uri.clone(),
            headers: std::mem::take(&mut self.headers),
            query: std::mem::take(&mut self.query),
            params: std::mem::take(&mut self.params),
            body: std::mem::take(&mut self.body),
            id: self.id.clone(),
            trace: self.trace,
        }
    }

    /// The value of a query parameter that may come once; the first one when it comes more often.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query_values(name).next()
    }

    /// Every value of a query parameter.
    pub fn query_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header that may come once; `None` when it is absent or not ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw_header(name).and_then(|value| value.to_str().ok())
    }

    /// A header that may come once; the empty text when it is not ASCII, so that it is refused as what it is not, and
    /// never taken for absent.
    pub fn header_or_empty(&self, name: &str) -> Option<&str> {
        self.raw_header(name).map(|value| value.to_str().unwrap_or(""))
    }

    pub(super) fn raw_header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers.get(name)
    }

    /// Whether the client says that its body has more than `limit` bytes. A length that no number holds is over any.
    pub fn declares_over(&self, limit: usize) -> bool {
        self.header("content-length").is_some_and(|length| is_over(length, limit))
    }

    /// Reads the whole body, at most `limit` bytes.
    pub async fn bytes(&mut self, limit: usize) -> Result<Bytes, Problem> {
        if self.declares_over(limit) {
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

    /// The body in pieces as they arrive, of `length` bytes in all: one that is shorter has broken off, and nothing behind it
    /// is read. How long it may take is up to the reader.
    pub fn into_exactly(self, length: u64) -> Chunks {
        Box::pin(futures_util::stream::try_unfold((self.body.take(), length), |(body, left)| async move {
            let Some(mut body) = body.filter(|_| left > 0) else { return Ok(None) };
            while let Some(frame) = body.frame().await {
                let Ok(mut data) = frame.map_err(incomplete)?.into_data() else { continue };
                data.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                let left = left.saturating_sub(data.len() as u64);
                return Ok(Some((data, (Some(body), left))));
            }
            Err(incomplete(format!("{left} bytes are missing")))
        }))
    }

    /// The body in pieces as they arrive, at most `limit` bytes in all. How long it may take is up to the reader.
    pub fn into_chunks(self, limit: usize) -> impl Stream<Item = Result<Bytes, Problem>> + Send + 'static {
        futures_util::stream::try_unfold((self.body.take(), 0_usize), move |(body, read)| async move {
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

/// Whether a `Content-Length` is over a limit. It is read as 64 bits, for a `usize` has only 32 in WebAssembly.
fn is_over(length: &str, limit: usize) -> bool {
    let length = length.trim();
    let is_number = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    is_number && length.parse::<u64>().map_or(true, |length| u64::try_from(limit).is_ok_and(|limit| length > limit))
}

fn too_large(limit: usize) -> Problem {
    Problem::too_large(format!("The body may have at most {limit} bytes."))
}

fn incomplete(reason: impl std::fmt::Display) -> Problem {
    Problem::incomplete_body().with_internal_message(reason)
}

/// The caller's trace when it says one, and says it once; else a new one.
fn trace(headers: &HeaderMap) -> Trace {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let (first, second) = (values.next(), values.next());
    let given = first.filter(|_| second.is_none()).and_then(|value| value.to_str().ok());
    Trace::begin(given, Uuid::new_v4().as_u128(), Uuid::new_v4().as_u64_pair().1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_a_length_however_long() {
        for over in ["11", "4294967296", "4294967301", "18446744073709551615", "99999999999999999999999"] {
            assert!(is_over(over, 10), "{over}");
        }
        for within in ["0", "10", "0000000000000000000000000", "", "-1", "ten"] {
            assert!(!is_over(within, 10), "{within}");
        }
    }
}

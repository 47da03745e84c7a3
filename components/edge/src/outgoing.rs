//! Outgoing HTTP, always with a deadline and a bound on the response.

use crate::deadline::within;
use crate::{Chunks, sign};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::{Either, join, select};
use http::{HeaderValue, header};
use http_body_util::BodyExt;
use messaging_core::problem::Problem;
use spin_sdk::http::{FromResponse, Response};
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{self, ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::IncomingResponseBody;
use spin_sdk::wasip3::wit_bindgen::{FutureReader, StreamReader, StreamWriter};
use spin_sdk::wasip3::{wit_future, wit_stream};
use std::fmt;
use std::pin::pin;
use std::time::{Duration, Instant};

/// How many bytes of a response are read at most.
pub const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// How long a transfer may stand still.
pub const IDLE: Duration = Duration::from_secs(30);
/// How long a transfer may take in all.
pub const TRANSFER: Duration = Duration::from_secs(15 * 60);

/// Why there is no response.
#[derive(Debug)]
pub enum Failure {
    /// It took longer than the deadline. Whether the other side acted is not known.
    Timeout,
    /// The connection failed, was refused, or broke off. Whether the other side acted is not known.
    Transport(String),
    /// The response is larger than it may be.
    TooLarge,
    /// What was to be sent has broken off.
    Source(Problem),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no response in time"),
            Self::Transport(reason) => f.write_str(reason),
            Self::TooLarge => f.write_str("the response is too large"),
            Self::Source(problem) => problem.fmt(f),
        }
    }
}

/// Sends a request and reads its whole response within `deadline`.
pub async fn send(request: http::Request<Bytes>, deadline: Duration) -> Result<http::Response<Bytes>, Failure> {
    let exchange = async { whole(exchange(request, deadline, deadline).await.map_err(failure)?).await };
    within(deadline, exchange).await.unwrap_or(Err(Failure::Timeout))
}

/// Sends a request whose response begins within `deadline` and is read as it comes.
pub async fn download(request: http::Request<Bytes>, deadline: Duration) -> Result<Download, Failure> {
    let response =
        within(deadline, exchange(request, deadline, IDLE)).await.unwrap_or(Err(ErrorCode::HttpResponseTimeout));
    let (parts, body) = Response::from_response(response.map_err(failure)?).map_err(failure)?.into_parts();
    Ok(Download { parts, body })
}

/// A response that is read as it comes.
pub struct Download {
    /// Its head.
    pub parts: http::response::Parts,
    body: IncomingResponseBody,
}

impl Download {
    /// How many bytes its body has, if it says so.
    pub fn length(&self) -> Option<u64> {
        self.parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// Reads all of it, at most [`MAX_RESPONSE_BYTES`] within `deadline`.
    pub async fn whole(self, deadline: Duration) -> Result<Bytes, Failure> {
        within(deadline, collect(self.body)).await.unwrap_or(Err(Failure::Timeout))
    }

    /// The body in pieces. One that stands still for [`IDLE`], or takes longer than [`TRANSFER`], has broken off.
    pub fn chunks(self) -> Chunks {
        let end = Instant::now() + TRANSFER;
        Box::pin(futures_util::stream::try_unfold(self.body, move |mut body| async move {
            loop {
                let left = IDLE.min(end.saturating_duration_since(Instant::now()));
                let broken = |reason: &dyn fmt::Display| Problem::homeserver_failed(format!("a download: {reason}"));
                match within(left, body.frame()).await {
                    None => return Err(broken(&Failure::Timeout)),
                    Some(None) => return Ok(None),
                    Some(Some(Err(e))) => return Err(broken(&e)),
                    Some(Some(Ok(frame))) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some((data, body)));
                        }
                    }
                }
            }
        }))
    }
}

/// Sends a request with a body of `length` bytes as it comes, and reads the whole response, within `deadline` after the last
/// byte. Where the body breaks off, so does the request: the other side never has the whole.
pub async fn upload(
    request: http::Request<Chunks>,
    length: u64,
    deadline: Duration,
) -> Result<http::Response<Bytes>, Failure> {
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let (contents, contents_reader) = wit_stream::new();
    let (end, end_reader) = wit_future::new(|| Err(ErrorCode::ConnectionTerminated));
    let options = options(deadline, TRANSFER, IDLE + deadline);
    let request = assemble(parts, contents_reader, end_reader, options).map_err(failure)?;
    let offer = async move {
        offer_chunks(body, contents).await?;
        let _ = end.write(Ok(None)).await;
        Ok(())
    };
    let exchange = async move {
        // In this order: `select` polls the offer first.
        match select(pin!(offer), pin!(client::send(request))).await {
            Either::Left((Err(problem), _)) => Err(Failure::Source(problem)),
            Either::Left((Ok(()), sending)) => {
                let response = within(deadline, sending).await.unwrap_or(Err(ErrorCode::HttpResponseTimeout));
                whole_within(response.map_err(failure)?, deadline).await
            }
            // It responds before it has everything: it has seen enough.
            Either::Right((response, _)) => whole_within(response.map_err(failure)?, deadline).await,
        }
    };
    within(TRANSFER, exchange).await.unwrap_or(Err(Failure::Timeout))
}

/// Writes a body until it ends, or until nobody reads it any more.
async fn offer_chunks(mut body: Chunks, mut contents: StreamWriter<u8>) -> Result<(), Problem> {
    while let Some(chunk) = within(IDLE, body.next()).await.ok_or_else(Problem::slow_body)? {
        match within(IDLE, contents.write_all(chunk?.into())).await {
            Some(unwritten) if unwritten.is_empty() => {}
            // Why will be in its response.
            Some(_) => return Ok(()),
            None => return Err(Problem::homeserver_timeout("an upload stands still")),
        }
    }
    Ok(())
}

async fn whole_within(response: types::Response, deadline: Duration) -> Result<http::Response<Bytes>, Failure> {
    within(deadline, whole(response)).await.unwrap_or(Err(Failure::Timeout))
}

async fn whole(response: types::Response) -> Result<http::Response<Bytes>, Failure> {
    let (parts, body) = Response::from_response(response).map_err(failure)?.into_parts();
    Ok(http::Response::from_parts(parts, collect(body).await?))
}

async fn collect(mut body: IncomingResponseBody) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(failure)?.into_data() {
            if whole.len() + data.len() > MAX_RESPONSE_BYTES {
                return Err(Failure::TooLarge);
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}

/// Hands a request to the host with its body on offer already.
///
/// The SDK's own `send` starts to write the body after the host has the request. The host then puts the head on the
/// wire alone, and its second, small packet waits for the acknowledgement of the first: 40 ms more for each call.
async fn exchange(
    request: http::Request<Bytes>,
    deadline: Duration,
    between_bytes: Duration,
) -> Result<types::Response, ErrorCode> {
    let (mut parts, body) = request.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let (mut contents, contents_reader) = wit_stream::new();
    let (trailers, trailers_reader) = wit_future::new(|| Ok(None));
    let request = assemble(parts, contents_reader, trailers_reader, options(deadline, deadline, between_bytes))?;
    let offer = async move {
        contents.write_all(body.into()).await;
        drop(contents);
        let _ = trailers.write(Ok(None)).await;
    };
    // In this order: `join` polls the offer first.
    join(offer, client::send(request)).await.1
}

/// The host's own limits are a second line: they free its connection when the guest's future is dropped.
fn options(connect: Duration, first_byte: Duration, between_bytes: Duration) -> RequestOptions {
    let nanoseconds = |time: Duration| Some(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(nanoseconds(connect));
    let _ = options.set_first_byte_timeout(nanoseconds(first_byte));
    let _ = options.set_between_bytes_timeout(nanoseconds(between_bytes));
    options
}

fn assemble(
    mut parts: http::request::Parts,
    contents: StreamReader<u8>,
    trailers: FutureReader<Result<Option<types::Trailers>, ErrorCode>>,
    options: RequestOptions,
) -> Result<types::Request, ErrorCode> {
    sign(&mut parts.headers);
    let headers = parts.headers.try_into().map_err(|_| ErrorCode::HttpProtocolError)?;
    let (request, _sent) = types::Request::new(headers, Some(contents), trailers, Some(options));
    let invalid = |()| ErrorCode::HttpRequestUriInvalid;
    request.set_method(&parts.method.into()).map_err(|()| ErrorCode::HttpRequestMethodInvalid)?;
    request.set_scheme(parts.uri.scheme().map(Into::into).as_ref()).map_err(invalid)?;
    request.set_authority(parts.uri.authority().map(http::uri::Authority::as_str)).map_err(invalid)?;
    let path = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
    request.set_path_with_query(path).map_err(invalid)?;
    Ok(request)
}

/// The host's own limits end at the same time as ours: whichever is first, it is a timeout.
fn failure(error: ErrorCode) -> Failure {
    match error {
        ErrorCode::DnsTimeout
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Failure::Timeout,
        other => Failure::Transport(other.to_string()),
    }
}

//! Outgoing HTTP, always with a deadline and a bound on the response.

use crate::deadline::within;
use bytes::{Bytes, BytesMut};
use futures_util::future::join;
use http::{HeaderValue, header};
use http_body_util::BodyExt;
use spin_sdk::http::{FromResponse, Response};
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{self, ErrorCode, RequestOptions};
use spin_sdk::wasip3::{wit_future, wit_stream};
use std::fmt;
use std::time::Duration;

/// How many bytes of a response are read at most.
pub const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;

/// Why there is no response.
#[derive(Debug)]
pub enum Failure {
    /// It took longer than the deadline. Whether the other side acted is not known.
    Timeout,
    /// The connection failed, was refused, or broke off. Whether the other side acted is not known.
    Transport(String),
    /// The response is larger than it may be.
    TooLarge,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no response in time"),
            Self::Transport(reason) => f.write_str(reason),
            Self::TooLarge => f.write_str("the response is too large"),
        }
    }
}

/// Sends a request and reads its whole response within `deadline`.
pub async fn send(request: http::Request<Bytes>, deadline: Duration) -> Result<http::Response<Bytes>, Failure> {
    let exchange = async {
        let response = exchange(request, deadline).await.map_err(failure)?;
        let (parts, mut body) = Response::from_response(response).map_err(failure)?.into_parts();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(failure)?;
            if let Ok(data) = frame.into_data() {
                if whole.len() + data.len() > MAX_RESPONSE_BYTES {
                    return Err(Failure::TooLarge);
                }
                whole.extend_from_slice(&data);
            }
        }
        Ok(http::Response::from_parts(parts, whole.freeze()))
    };
    within(deadline, exchange).await.unwrap_or(Err(Failure::Timeout))
}

/// Hands a request to the host with its body on offer already.
///
/// The SDK's own `send` starts to write the body after the host has the request. The host then puts the head on the
/// wire alone, and its second, small packet waits for the acknowledgement of the first: 40 ms more for each call.
async fn exchange(request: http::Request<Bytes>, deadline: Duration) -> Result<types::Response, ErrorCode> {
    let (mut parts, body) = request.into_parts();
    // The host's own limits are a second line: they free its connection when the guest's future is dropped.
    let options = RequestOptions::new();
    let nanoseconds = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
    let _ = options.set_connect_timeout(Some(nanoseconds));
    let _ = options.set_first_byte_timeout(Some(nanoseconds));
    let _ = options.set_between_bytes_timeout(Some(nanoseconds));
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let headers = parts.headers.try_into().map_err(|_| ErrorCode::HttpProtocolError)?;

    let (mut contents, contents_reader) = wit_stream::new();
    let (trailers, trailers_reader) = wit_future::new(|| Ok(None));
    let (request, _sent) = types::Request::new(headers, Some(contents_reader), trailers_reader, Some(options));
    let invalid = |()| ErrorCode::HttpRequestUriInvalid;
    request.set_method(&parts.method.into()).map_err(|()| ErrorCode::HttpRequestMethodInvalid)?;
    request.set_scheme(parts.uri.scheme().map(Into::into).as_ref()).map_err(invalid)?;
    request.set_authority(parts.uri.authority().map(http::uri::Authority::as_str)).map_err(invalid)?;
    let path = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str);
    request.set_path_with_query(path).map_err(invalid)?;

    let offer = async move {
        contents.write_all(body.into()).await;
        drop(contents);
        let _ = trailers.write(Ok(None)).await;
    };
    // In this order: `join` polls the offer first.
    join(offer, client::send(request)).await.1
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

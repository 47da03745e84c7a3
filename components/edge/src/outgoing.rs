//! Outgoing HTTP, always with a deadline and a bound on the answer.

use crate::deadline::within;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use spin_sdk::http::FullBody;
use spin_sdk::wasip3::http::types::{ErrorCode, RequestOptions};
use spin_sdk::wasip3::http_compat::RequestOptionsExtension;
use std::fmt;
use std::time::Duration;

/// How many bytes of an answer are read at most, unless the caller says otherwise.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// It took longer than the deadline. Whether the other side acted is not known.
    Timeout,
    /// The connection failed, was refused, or broke off. Whether the other side acted is not known.
    Transport(String),
    /// The answer is larger than it may be.
    TooLarge,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Transport(reason) => f.write_str(reason),
            Self::TooLarge => f.write_str("the answer is too large"),
        }
    }
}

/// Sends a request and reads its whole answer within `deadline`.
pub async fn send(request: http::Request<Bytes>, deadline: Duration) -> Result<http::Response<Bytes>, Failure> {
    let (mut parts, body) = request.into_parts();
    // The host's own limits are a second line: they free its connection when the guest's future is dropped.
    let options = RequestOptions::new();
    let nanoseconds = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
    let _ = options.set_connect_timeout(Some(nanoseconds));
    let _ = options.set_first_byte_timeout(Some(nanoseconds));
    let _ = options.set_between_bytes_timeout(Some(nanoseconds));
    parts.extensions.insert(RequestOptionsExtension(options));
    let length = body.len();
    parts.headers.insert(http::header::CONTENT_LENGTH, http::HeaderValue::from(length));
    let request = http::Request::from_parts(parts, FullBody::new(body));
    let exchange = async {
        let response = spin_sdk::http::send(request).await.map_err(failure)?;
        let (parts, mut body) = response.into_parts();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(failure)?;
            if let Ok(data) = frame.into_data() {
                if whole.len() + data.len() > MAX_ANSWER_BYTES {
                    return Err(Failure::TooLarge);
                }
                whole.extend_from_slice(&data);
            }
        }
        Ok(http::Response::from_parts(parts, whole.freeze()))
    };
    within(deadline, exchange).await.unwrap_or(Err(Failure::Timeout))
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

/// Whether a status says that the other side failed, rather than refused.
pub fn is_failure(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

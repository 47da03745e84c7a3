//! Bodies of responses: in memory, or as they come from elsewhere.

use crate::deadline::within;
use crate::outgoing::IDLE;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use messaging_core::problem::Problem;
use spin_sdk::http::{FullBody, IntoResponse};
use spin_sdk::wasip3::http::types::{self, ErrorCode};
use spin_sdk::wasip3::wit_bindgen::{FutureWriter, StreamWriter};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};
use std::fmt;
use std::pin::Pin;

/// Bytes in pieces, as they come.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Problem>> + Send>>;

/// The body of a response.
pub(super) enum Body {
    /// All of it.
    Whole(Bytes),
    /// In pieces, of so many bytes in all.
    Chunks(u64, Chunks),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => bytes.fmt(f),
            Self::Chunks(length, _) => write!(f, "{length} bytes in pieces"),
        }
    }
}

impl Body {
    /// In bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Chunks(length, _) => *length,
        }
    }
}

/// A response on its way to the host.
pub struct Served(pub(super) http::Response<Body>);

impl IntoResponse for Served {
    fn into_response(self) -> Result<types::Response, ErrorCode> {
        let (parts, body) = self.0.into_parts();
        let chunks = match body {
            Body::Whole(bytes) => {
                return http::Response::from_parts(parts, FullBody::new(bytes)).into_response();
            }
            Body::Chunks(_, chunks) => chunks,
        };
        let headers = parts.headers.try_into().map_err(|_| ErrorCode::HttpProtocolError)?;
        let (contents, contents_reader) = wit_stream::new();
        // What is not written to its end was cut off: the host ends the connection, so that nobody takes it for the whole.
        let (end, end_reader) = wit_future::new(|| Err(ErrorCode::ConnectionTerminated));
        let (response, _sent) = types::Response::new(headers, Some(contents_reader), end_reader);
        response.set_status_code(parts.status.as_u16()).map_err(|()| ErrorCode::HttpProtocolError)?;
        spawn(write(chunks, contents, end));
        Ok(response)
    }
}

type End = FutureWriter<Result<Option<types::Trailers>, ErrorCode>>;

/// Writes a body, as long as there is something to write and somebody who reads.
async fn write(mut chunks: Chunks, mut contents: StreamWriter<u8>, end: End) {
    loop {
        match chunks.next().await {
            Some(Ok(chunk)) => match within(IDLE, contents.write_all(chunk.into())).await {
                Some(unwritten) if unwritten.is_empty() => {}
                _ => return,
            },
            Some(Err(_)) => return,
            None => break,
        }
    }
    drop(contents);
    let _ = end.write(Ok(None)).await;
}

//! The file of a request: its body, or a part of the form that its body is.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header;
use messaging_core::media::HEAD_BYTES;
use messaging_edge::deadline::within;
use messaging_edge::form::{FormFile, file_of_form, is_form};
use messaging_edge::outgoing::{IDLE, TRANSFER};
use messaging_edge::{Chunks, Problem, Request};
use std::time::Instant;

/// The file, of which nothing has been read yet but what is in front of it.
pub async fn file(request: Request, length: u64) -> Result<FormFile, Problem> {
    if is_form(&request) {
        let file = within(IDLE, file_of_form(request, length, |field| field.file_name().is_some())).await;
        let file = file.unwrap_or_else(|| Err(Problem::slow_body()))?;
        return Ok(FormFile { chunks: in_time(file.chunks), ..file });
    }
    let content_type = request.header(header::CONTENT_TYPE.as_str()).map(str::to_owned);
    Ok(FormFile { name: None, content_type, size: length, chunks: in_time(request.into_exactly(length)) })
}

/// The same pieces. A file that stands still for [`IDLE`], or is not all here after [`TRANSFER`], has broken off: whoever reads its
/// beginning alone waits no longer either.
fn in_time(chunks: Chunks) -> Chunks {
    let end = Instant::now() + TRANSFER;
    Box::pin(futures_util::stream::try_unfold(chunks, move |mut chunks| async move {
        let left = IDLE.min(end.saturating_duration_since(Instant::now()));
        let next = within(left, chunks.next()).await.ok_or_else(Problem::slow_body)?;
        Ok(next.transpose()?.map(|chunk| (chunk, chunks)))
    }))
}

/// The first bytes of a file, [`HEAD_BYTES`] or all of it, and the whole of it again.
pub async fn peek(mut chunks: Chunks) -> Result<(Bytes, Chunks), Problem> {
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES {
        let Some(chunk) = within(IDLE, chunks.next()).await.ok_or_else(Problem::slow_body)? else { break };
        head.extend_from_slice(&chunk?);
    }
    let head = head.freeze();
    let again = futures_util::stream::iter([Ok(head.clone())]);
    Ok((head, Box::pin(again.chain(chunks))))
}

//! POST `/internal/matrix/upload`: a file into the homeserver's media repository, as the file of a form or as the body.

use crate::error::GatewayError;
use crate::homeserver::Homeserver;
use crate::ids::encode;
use crate::media::upload_limit;
use bytes::BytesMut;
use http::{StatusCode, header};
use messaging_core::gateway::Uploaded;
use messaging_core::media::DEFAULT_MAX_BYTES;
use messaging_edge::deadline::within;
use messaging_edge::form::{FormFile, MAX_FORM_BYTES, boundary, file_of_form, is_form, unreadable};
use messaging_edge::{Problem, Request, Response};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde::Deserialize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many parts of a form are read to find the file.
const MAX_PARTS: usize = 16;
/// The largest file of a form without a `Content-Length`, in bytes. It is in memory as a whole, because the homeserver asks
/// for its size first.
const MAX_WHOLE_BYTES: u64 = 50 * 1024 * 1024;
/// How much memory such files of all requests to one instance may take at a time, in bytes.
const MAX_MEMORY: usize = 160 * 1024 * 1024;
/// The longest file name that the homeserver is told, in bytes.
const MAX_FILENAME_BYTES: usize = 255;

/// How much of [`MAX_MEMORY`] is taken. A number only: nothing of a request is kept here.
static IN_MEMORY: AtomicUsize = AtomicUsize::new(0);

/// A share of [`MAX_MEMORY`], given back when the request ends.
struct Share(usize);

impl Share {
    fn take(bytes: usize) -> Option<Self> {
        let add = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= MAX_MEMORY);
        IN_MEMORY.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).ok().map(|_| Self(bytes))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        IN_MEMORY.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// Client-server API, "POST /media/upload".
#[derive(Deserialize)]
struct Media {
    content_uri: String,
}

/// Uploads a file. It goes through as it comes, where its size is known before.
pub async fn upload(hs: Homeserver, request: Request) -> Result<Response, GatewayError> {
    // Synapse cuts the connection of an upload that is too large instead of refusing it, so its limit is read first.
    let limit = upload_limit(&hs).await?.unwrap_or(DEFAULT_MAX_BYTES);
    let mut share = None;
    let file = match (is_form(&request), request.content_length()) {
        (true, Some(length)) if length > limit.saturating_add(MAX_FORM_BYTES) => return Err(too_large(limit)),
        (true, Some(length)) => file_of_form(request, length, is_file).await?,
        (true, None) => {
            let limit = limit.min(MAX_WHOLE_BYTES);
            let taken = usize::try_from(limit).ok().and_then(Share::take);
            share = Some(taken.ok_or_else(|| {
                let busy = "Too many uploads at a time. Try again in a moment.";
                GatewayError::new(StatusCode::TOO_MANY_REQUESTS, "M_LIMIT_EXCEEDED", busy).with_retry_after(1)
            })?);
            within(hs.time_left(), whole(request, limit)).await.unwrap_or_else(|| Err(Problem::slow_body().into()))?
        }
        (false, None) => return Err(Problem::length_required().into()),
        (false, Some(size)) => FormFile {
            name: request.query("filename").map(str::to_owned),
            content_type: request.header(header::CONTENT_TYPE.as_str()).map(str::to_owned),
            size,
            chunks: request.into_exactly(size),
        },
    };
    if file.size > limit {
        return Err(too_large(limit));
    }
    let mut target = "/_matrix/media/v3/upload".to_owned();
    if let Some(name) = file.name.filter(|name| !name.is_empty()) {
        target.push_str("?filename=");
        target.push_str(&encode(&shortened(&name)));
    }
    let content_type = file.content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let media: Media = hs.upload(&target, &content_type, file.size, file.chunks).await?;
    drop(share);
    let uploaded = Uploaded { content_uri: media.content_uri, content_type, size: file.size };
    Ok(Response::json(StatusCode::OK, &uploaded)?)
}

fn is_file(field: &Field<'_>) -> bool {
    field.name() == Some("file")
}

/// Reads the part `file` of a form into memory.
async fn whole(request: Request, limit: u64) -> Result<FormFile, GatewayError> {
    let boundary = boundary(&request)?;
    let all = usize::try_from(limit.saturating_add(MAX_FORM_BYTES)).unwrap_or(usize::MAX);
    let sizes = Constraints::new().size_limit(SizeLimit::new().per_field(limit));
    let mut form = Multipart::with_constraints(request.into_chunks(all), boundary, sizes);
    let refused = |error| match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => too_large(limit),
        other => match unreadable(other) {
            problem if problem.status == StatusCode::PAYLOAD_TOO_LARGE => too_large(limit),
            problem => problem.into(),
        },
    };
    for _ in 0..MAX_PARTS {
        let Some(mut field) = form.next_field().await.map_err(refused)? else { break };
        if !is_file(&field) {
            continue;
        }
        let (name, content_type) =
            (field.file_name().map(str::to_owned), field.content_type().map(ToString::to_string));
        let mut bytes = BytesMut::new();
        while let Some(chunk) = field.chunk().await.map_err(refused)? {
            bytes.extend_from_slice(&chunk);
        }
        let size = bytes.len() as u64;
        let chunks = Box::pin(futures_util::stream::iter([Ok(bytes.freeze())]));
        return Ok(FormFile { name, content_type, size, chunks });
    }
    Err(Problem::invalid_form("it has no part named file").into())
}

/// A name cut to [`MAX_FILENAME_BYTES`], between two characters.
fn shortened(name: &str) -> String {
    name.chars()
        .scan(0, |bytes, c| {
            *bytes += c.len_utf8();
            (*bytes <= MAX_FILENAME_BYTES).then_some(c)
        })
        .collect()
}

fn too_large(limit: u64) -> GatewayError {
    GatewayError::new(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", format!("A file may have at most {limit} bytes."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_given_back() {
        let first = Share::take(MAX_MEMORY - 1).unwrap();
        assert!(Share::take(2).is_none() && Share::take(usize::MAX).is_none());
        drop(first);
        assert!(Share::take(MAX_MEMORY).is_some());
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(shortened("фото.png"), "фото.png");
        assert_eq!(shortened(&"ф".repeat(200)).len(), 254);
    }
}

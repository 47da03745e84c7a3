//! POST `/internal/matrix/upload`: a file into the homeserver's media repository.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, v1};
use crate::ids::encode;
use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode, header};
use messaging_core::gateway::Uploaded;
use messaging_edge::deadline::within;
use messaging_edge::{Request, Response};
use multer::{Constraints, Multipart, SizeLimit};
use serde::Deserialize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The largest file, in bytes, whatever the homeserver allows. A file is in memory as a whole, because the homeserver
/// asks for its size first.
const MAX_FILE_BYTES: usize = 50 * 1024 * 1024;
/// How much room boundaries, part headers and other fields of the form may take, in bytes.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// How many parts of the form are read to find the file.
const MAX_PARTS: usize = 16;
/// How much memory the files of all requests to one instance may take at a time, in bytes.
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

struct File {
    name: Option<String>,
    content_type: String,
    bytes: Bytes,
}

/// Client-server API, "GET /media/config".
#[derive(Deserialize)]
struct Config {
    #[serde(rename = "m.upload.size")]
    upload_size: Option<u64>,
}

/// Client-server API, "POST /media/upload".
#[derive(Deserialize)]
struct Media {
    content_uri: String,
}

/// Uploads the file of a form.
pub async fn upload(hs: Homeserver, request: Request) -> Result<Response, GatewayError> {
    // Synapse cuts the connection of an upload that is too large instead of refusing it, so its limit is read first.
    let config: Config = hs.get(Acting::Bot, &v1(&["media", "config"])).await?;
    let limit = config
        .upload_size
        .and_then(|size| usize::try_from(size).ok())
        .map_or(MAX_FILE_BYTES, |size| size.min(MAX_FILE_BYTES));
    if request.declares_over(limit.saturating_add(MAX_FORM_BYTES)) {
        return Err(too_large(limit));
    }
    let declared = request.header("content-length").and_then(|length| length.parse::<usize>().ok());
    let _share = Share::take(declared.unwrap_or(limit)).ok_or_else(|| {
        let busy = "Too many uploads at a time. Try again in a moment.";
        GatewayError::new(StatusCode::TOO_MANY_REQUESTS, "M_LIMIT_EXCEEDED", busy).with_retry_after(1)
    })?;
    let file = within(hs.time_left(), read(request, limit, declared)).await.unwrap_or_else(|| {
        Err(GatewayError::new(StatusCode::REQUEST_TIMEOUT, "M_UNKNOWN", "The file did not arrive in time."))
    })?;
    let size = file.bytes.len();
    let mut target = "/_matrix/media/v3/upload".to_owned();
    if let Some(name) = file.name {
        target.push_str("?filename=");
        target.push_str(&encode(&name));
    }
    let media: Media =
        hs.exchange(Acting::Bot, Method::POST, &target, &file.content_type, file.bytes, hs.time_left()).await?;
    let uploaded = Uploaded { content_uri: media.content_uri, content_type: file.content_type, size };
    Ok(Response::json(StatusCode::OK, &uploaded)?)
}

/// Reads the part `file` of a form (RFC 7578) as it arrives.
async fn read(request: Request, limit: usize, declared: Option<usize>) -> Result<File, GatewayError> {
    let boundary = request.header(header::CONTENT_TYPE.as_str()).and_then(|value| multer::parse_boundary(value).ok());
    let Some(boundary) = boundary else {
        return Err(GatewayError::invalid("The body must be multipart/form-data with a boundary."));
    };
    let all = limit.saturating_add(MAX_FORM_BYTES);
    let sizes = SizeLimit::new().per_field(u64::try_from(limit).unwrap_or(u64::MAX));
    let chunks = request.into_chunks(all);
    let mut form = Multipart::with_constraints(chunks, boundary, Constraints::new().size_limit(sizes));
    for _ in 0..MAX_PARTS {
        let Some(mut field) = form.next_field().await.map_err(|e| unreadable(&e, limit))? else { break };
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().filter(|name| !name.is_empty()).map(shortened);
        let content_type =
            field.content_type().map_or_else(|| "application/octet-stream".to_owned(), ToString::to_string);
        let mut bytes = BytesMut::with_capacity(declared.unwrap_or_default().min(limit));
        while let Some(chunk) = field.chunk().await.map_err(|e| unreadable(&e, limit))? {
            bytes.extend_from_slice(&chunk);
        }
        return Ok(File { name, content_type, bytes: bytes.freeze() });
    }
    Err(GatewayError::invalid("The form must have a part named file."))
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

fn unreadable(error: &multer::Error, limit: usize) -> GatewayError {
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => too_large(limit),
        // From the chunks of the body: too large, or cut off.
        multer::Error::StreamReadFailed(inner) => match inner.downcast_ref::<messaging_edge::Problem>() {
            Some(problem) if problem.status == StatusCode::PAYLOAD_TOO_LARGE => too_large(limit),
            _ => GatewayError::invalid("The form broke off."),
        },
        _ => GatewayError::invalid(format!("The form cannot be read: {error}.")),
    }
}

fn too_large(limit: usize) -> GatewayError {
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

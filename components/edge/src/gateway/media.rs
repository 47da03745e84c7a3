//! Content of the homeserver's repository, as it comes and goes.

use super::Gateway;
use super::response::{busy, if_offered, read, refused};
use crate::outgoing::{self, Download, Failure};
use crate::{Chunks, Problem};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{Method, StatusCode, header};
use messaging_core::gateway::{MediaConfig, TOKEN_HEADER, Uploaded, paths};
use messaging_core::media::{DEFAULT_MAX_BYTES, MediaPath, ThumbnailQuery};
use messaging_core::page::FromQuery as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// How long content may take to begin: the homeserver may have to fetch it from another one first.
const BEGINNING: Duration = Duration::from_secs(25);
/// How long the homeserver may take when it has all of a file.
const STORING: Duration = Duration::from_secs(60);

/// A file for the homeserver.
pub struct Upload {
    /// What it is called: one line.
    pub filename: String,
    /// What it is.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// So many bytes.
    pub chunks: Chunks,
}

impl Gateway {
    /// The largest file that the homeserver takes, in bytes.
    pub async fn upload_limit(&self) -> Result<u64, Problem> {
        let config = self.call::<MediaConfig>(Method::GET, paths::MEDIA_CONFIG, &[], None::<&()>).await;
        Ok(if_offered(config)?.and_then(|config| config.upload_size).unwrap_or(DEFAULT_MAX_BYTES))
    }

    /// Uploads a file, as a form: that is what every gateway takes.
    pub async fn upload(&self, upload: Upload) -> Result<Uploaded, Problem> {
        let boundary = uuid::Uuid::new_v4().simple().to_string();
        // Names are quoted, and two of them would end one (RFC 7578, section 4.2).
        let name = upload.filename.replace(['"', '\\'], "'");
        let beginning = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {}\r\n\r\n",
            upload.content_type
        );
        let end = format!("\r\n--{boundary}--\r\n");
        let length = upload.size.saturating_add((beginning.len() + end.len()) as u64);
        let around = |text: String| futures_util::stream::iter([Ok(Bytes::from(text))]);
        let form: Chunks = Box::pin(around(beginning).chain(upload.chunks).chain(around(end)));
        let request = http::Request::post(format!("{}{}", self.url, paths::UPLOAD))
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .header(TOKEN_HEADER, &self.secret)
            .body(form)
            .map_err(Problem::internal)?;
        let response = outgoing::upload(request, length, STORING).await.map_err(|failure| match failure {
            Failure::Source(problem) => problem,
            other => failed(paths::UPLOAD, &other),
        })?;
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => Err(busy(paths::UPLOAD, &response)),
            StatusCode::PAYLOAD_TOO_LARGE => Err(Problem::too_large("The homeserver takes no file of this size.")),
            status => read(paths::UPLOAD, status, response.body()),
        }
    }

    /// Content, as it comes. What the homeserver does not have is not found.
    pub async fn download(&self, at: &MediaPath) -> Result<Download, Problem> {
        self.fetch(paths::MEDIA, at, "").await
    }

    /// A small picture of content, as it comes.
    pub async fn thumbnail(&self, at: &MediaPath, size: ThumbnailQuery) -> Result<Download, Problem> {
        self.fetch(paths::MEDIA_THUMBNAIL, at, &format!("?{}", size.shared_query())).await
    }

    async fn fetch(&self, path: &'static str, at: &MediaPath, query: &str) -> Result<Download, Problem> {
        let [server_name, media_id] =
            [&at.server_name, &at.media_id].map(|value| utf8_percent_encode(value, NON_ALPHANUMERIC));
        let filled = messaging_core::paths::fill(path, &[&server_name, &media_id]);
        let request = http::Request::get(format!("{}{filled}{query}", self.url))
            .header(TOKEN_HEADER, &self.secret)
            .body(Bytes::new())
            .map_err(Problem::internal)?;
        let download = outgoing::download(request, BEGINNING).await.map_err(|failure| failed(path, &failure))?;
        let status = download.parts.status;
        if status == StatusCode::OK {
            return Ok(download);
        }
        let retry_after = download.parts.headers.get(header::RETRY_AFTER).cloned();
        let body = download.whole(BEGINNING).await.map_err(|failure| failed(path, &failure))?;
        if status == StatusCode::TOO_MANY_REQUESTS {
            let mut response = http::Response::new(body);
            *response.status_mut() = status;
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            return Err(busy(path, &response));
        }
        Err(refused(path, status, &body))
    }
}

fn failed(path: &str, failure: &Failure) -> Problem {
    match failure {
        Failure::Timeout => Problem::homeserver_timeout(format!("matrix-gateway {path}: {failure}")),
        _ => Problem::homeserver_failed(format!("matrix-gateway {path}: {failure}")),
    }
}

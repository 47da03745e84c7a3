//! What is too large for memory, on its way to the homeserver and from it.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, error_for_caller, failed, read, what};
use bytes::Bytes;
use http::{Method, StatusCode};
use messaging_edge::Chunks;
use messaging_edge::outgoing::{self, Download};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long content may take to begin: the homeserver may have to fetch it from another one first. Less than the 25 s that the
/// gateway's client waits.
const BEGINNING: Duration = Duration::from_secs(24);
/// How long the homeserver may take when it has all of a file. Less than the 60 s that the gateway's client waits.
const STORING: Duration = Duration::from_secs(58);

impl Homeserver {
    /// Sends a body of `length` bytes as it comes, and reads the whole response. It takes as long as a transfer may.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        target: &str,
        content_type: &str,
        length: u64,
        body: Chunks,
    ) -> Result<T, GatewayError> {
        let what = what(&Method::POST, target);
        let request = self.request(Acting::Bot, Method::POST, target, content_type, body)?;
        let response = outgoing::upload(request, length, STORING).await.map_err(|failure| failed(&what, failure))?;
        read(&what, &response)
    }

    /// Reads something large, as it comes.
    pub async fn download(&self, target: &str) -> Result<Download, GatewayError> {
        let what = what(&Method::GET, target);
        let request = self.request(Acting::Bot, Method::GET, target, "application/json", Bytes::new())?;
        let download = outgoing::download(request, BEGINNING).await.map_err(|failure| failed(&what, failure))?;
        let status = download.parts.status;
        if status == StatusCode::OK {
            return Ok(download);
        }
        let body = download.whole(BEGINNING).await.map_err(|failure| failed(&what, failure))?;
        Err(error_for_caller(&what, status, &body))
    }
}

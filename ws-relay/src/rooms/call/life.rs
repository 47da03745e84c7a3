//! Calls about how long data lives: holds, erasures and exports.

use super::{DEADLINE, Failure, Messaging};
use anyhow::Context;
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use messaging_core::ids::ErasureId;
use messaging_core::life::{Erasure, ExportPage, Hold, SetHold};
use messaging_core::paths::{ERASE_PERSON, ERASURE, EXPORT_CHANNEL, EXPORT_PERSON, HOLD, MEDIA, fill};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use tokio::time::timeout;
use uuid::Uuid;

impl Messaging {
    /// Puts a channel on hold; without a reason the hold ends.
    pub async fn hold(&self, channel: Uuid, reason: Option<&str>) -> Result<Hold, Failure> {
        let uri = format!("{}{}", self.url, fill(HOLD, &[&channel]));
        let (method, body) = match reason {
            Some(reason) => (Method::PUT, serde_json::to_vec(&SetHold { reason: reason.to_owned() })),
            None => (Method::DELETE, Ok(Vec::new())),
        };
        let body = body.map_err(|e| Failure::App(e.into()))?;
        self.send(method, uri, body).await
    }

    /// Begins the erasure of a person, as `user:<id>` and so on.
    pub async fn erase(&self, person: &str) -> Result<Erasure, Failure> {
        let person = utf8_percent_encode(person, NON_ALPHANUMERIC);
        self.send(Method::POST, format!("{}{}", self.url, fill(ERASE_PERSON, &[&person])), Vec::new()).await
    }

    /// How far it is.
    pub async fn erasure(&self, id: ErasureId) -> Result<Erasure, Failure> {
        self.send(Method::GET, format!("{}{}", self.url, fill(ERASURE, &[&id])), Vec::new()).await
    }

    /// A page of what is kept of a channel.
    pub async fn export_channel(&self, channel: Uuid, part: &str, after: Option<&str>) -> Result<ExportPage, Failure> {
        self.export(fill(EXPORT_CHANNEL, &[&channel]), part, after).await
    }

    /// A page of what is kept of a person.
    pub async fn export_person(&self, person: &str, part: &str, after: Option<&str>) -> Result<ExportPage, Failure> {
        self.export(fill(EXPORT_PERSON, &[&utf8_percent_encode(person, NON_ALPHANUMERIC)]), part, after).await
    }

    async fn export(&self, path: String, part: &str, after: Option<&str>) -> Result<ExportPage, Failure> {
        let after =
            after.map_or_else(String::new, |after| format!("&after={}", utf8_percent_encode(after, NON_ALPHANUMERIC)));
        self.send(Method::GET, format!("{}{path}?part={part}{after}", self.url), Vec::new()).await
    }

    /// Writes the bytes of a content, and gives how many these are and their SHA-256; `None`: there is no such content.
    pub async fn download(&self, server: &str, media: &str, to: &mut File) -> anyhow::Result<Option<(u64, String)>> {
        let [server, media] = [server, media].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        let uri = format!("{}{}", self.url, fill(MEDIA, &[&server, &media]));
        let request = self.request(Method::GET, uri).body(Full::new(Bytes::new()))?;
        let response =
            timeout(DEADLINE, self.client.request(request)).await.context("no response of the app in time")?;
        let response = response.context("the app cannot be reached")?;
        match response.status() {
            StatusCode::OK => {}
            status if status.is_client_error() => return Ok(None),
            status => anyhow::bail!("the app responded {status}"),
        }
        let (mut body, mut hash, mut bytes) = (response.into_body(), Sha256::new(), 0);
        while let Some(frame) = timeout(DEADLINE, body.frame()).await.context("the content has broken off")? {
            let Ok(chunk) = frame.context("the content has broken off")?.into_data() else { continue };
            to.write_all(&chunk)?;
            hash.update(&chunk);
            bytes += u64::try_from(chunk.len())?;
        }
        Ok(Some((bytes, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())))
    }
}

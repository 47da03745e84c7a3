//! One call of the app.

mod life;

use super::MessagingSettings;
use crate::http_client::{self, HttpClient};
use anyhow::{Context, anyhow};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use messaging_core::file::DeletedContent;
use messaging_core::ids::EntityId;
use messaging_core::life::Removed;
use messaging_core::paths::{
    DELETE_CONTENT, PREVIEW_IMAGES, RECONCILE, REINDEX, REMOVE_EXPIRED, SEND_RECEIPTS, TYPING_IN_ROOM, fill,
};
use messaging_core::preview::StoredImage;
use messaging_core::receipt::SentReceipts;
use messaging_core::reconcile::Reconciled;
use messaging_core::reindex::Reindexed;
use messaging_core::typing::Typist;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// How long a call may take: the app begins no further page after 20 seconds.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long the app may take for what is over in a moment.
const TYPING_DEADLINE: Duration = Duration::from_secs(5);
/// How long the app may take to store a picture.
const IMAGE_DEADLINE: Duration = Duration::from_secs(15);
/// The longest response that is read, in bytes.
const RESPONSE: usize = 65_536;
/// The same of a page of an export: of 40 messages of 64 KiB each, with their reactions.
const EXPORT_RESPONSE: usize = 32 << 20;

/// Why nothing was done for a channel.
pub enum Failure {
    /// There is no such channel.
    Gone,
    /// It failed for this channel, and others may succeed.
    Channel(anyhow::Error),
    /// The app could not be asked.
    App(anyhow::Error),
}

/// The part of a problem that says which it is.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

/// The app.
pub struct Messaging {
    client: HttpClient,
    url: String,
    token: HeaderValue,
}

impl Messaging {
    /// Prepares calls; makes none.
    pub fn new(settings: &MessagingSettings) -> anyhow::Result<Self> {
        let mut token = HeaderValue::try_from(&*settings.secret).context("INTERNAL_SECRET is no header")?;
        token.set_sensitive(true);
        Ok(Self { client: http_client::new()?, url: settings.url.trim_end_matches('/').to_owned(), token })
    }

    /// Has one run made for a channel; `since`, RFC 3339, begins anew.
    pub async fn reconcile(&self, channel: Uuid, since: Option<&str>, min_age: u64) -> Result<Reconciled, Failure> {
        let mut uri = format!("{}{}?min_age={min_age}", self.url, fill(RECONCILE, &[&channel]));
        if let Some(since) = since {
            uri.push_str(&format!("&since={}", utf8_percent_encode(since, NON_ALPHANUMERIC)));
        }
        self.for_channel(uri).await
    }

    /// Has search find some of a channel's messages, those in front of the number `before`.
    pub async fn reindex(&self, channel: Uuid, before: Option<i64>) -> Result<Reindexed, Failure> {
        let query = before.map_or_else(String::new, |before| format!("?before={before}"));
        self.for_channel(format!("{}{}{query}", self.url, fill(REINDEX, &[&channel]))).await
    }

    async fn for_channel<T: DeserializeOwned>(&self, uri: String) -> Result<T, Failure> {
        // One channel that takes too long does not stand for the app.
        let exchanged = timeout(DEADLINE, self.exchange(uri)).await;
        let exchanged = exchanged.map_err(|_| Failure::Channel(anyhow!("no response of the app in time")))?;
        let (status, body) = exchanged.map_err(Failure::App)?;
        read(status, &body)
    }

    /// Has Matrix told of the receipts that are due.
    pub async fn send_receipts(&self) -> anyhow::Result<SentReceipts> {
        self.for_all(SEND_RECEIPTS).await
    }

    /// Has the homeserver delete content that nothing shows any more.
    pub async fn delete_content(&self) -> anyhow::Result<DeletedContent> {
        self.for_all(DELETE_CONTENT).await
    }

    /// Has what is due removed, some at a time.
    pub async fn remove_expired(&self) -> anyhow::Result<Removed> {
        self.for_all(REMOVE_EXPIRED).await
    }

    async fn send<T: DeserializeOwned>(&self, method: Method, uri: String, body: Vec<u8>) -> Result<T, Failure> {
        let request = self
            .request(method, uri)
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, body.len())
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| Failure::App(e.into()))?;
        let exchanged = timeout(DEADLINE, self.response(request)).await;
        let (status, body) =
            exchanged.map_err(|_| Failure::App(anyhow!("no response of the app in time")))?.map_err(Failure::App)?;
        read(status, &body)
    }

    async fn for_all<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let exchanged = timeout(DEADLINE, self.exchange(format!("{}{path}", self.url))).await;
        let (status, body) = exchanged.context("no response of the app in time")??;
        anyhow::ensure!(status == StatusCode::OK, "the app responded {status}");
        serde_json::from_slice(&body).context("the app responded something else")
    }

    async fn exchange(&self, uri: String) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = self
            .request(Method::POST, uri)
            .header(CONTENT_LENGTH, 0)
            .body(Full::new(Bytes::new()))
            .context("MESSAGING_URL cannot be used")?;
        self.response(request).await
    }

    async fn response(&self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        let response = self.client.request(request).await.context("the app cannot be reached")?;
        let status = response.status();
        let body = Limited::new(response.into_body(), EXPORT_RESPONSE).collect().await;
        let body = body.map_err(|e| anyhow!("the app's response cannot be read: {e}"))?;
        Ok((status, body.to_bytes()))
    }

    /// Has the homeserver told whether a member types.
    pub async fn tell_typing(&self, channel: Uuid, member_id: &EntityId) -> anyhow::Result<()> {
        let body = serde_json::to_vec(&Typist { member_id: member_id.clone() })?;
        let request = self
            .request(Method::PUT, format!("{}{}", self.url, fill(TYPING_IN_ROOM, &[&channel])))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .context("MESSAGING_URL cannot be used")?;
        let response = timeout(TYPING_DEADLINE, self.client.request(request)).await;
        let status = response.context("no response of the app in time")?.context("the app cannot be reached")?.status();
        // Who is not a member any more needs no telling.
        anyhow::ensure!(status.is_success() || status == StatusCode::NOT_FOUND, "the app responded {status}");
        Ok(())
    }

    /// Has the picture of a page stored.
    pub async fn store_preview_image(&self, bytes: Vec<u8>, content_type: &'static str) -> anyhow::Result<StoredImage> {
        let request = self
            .request(Method::POST, format!("{}{PREVIEW_IMAGES}", self.url))
            .header(CONTENT_TYPE, content_type)
            .body(Full::new(Bytes::from(bytes)))
            .context("MESSAGING_URL cannot be used")?;
        let exchange = async {
            let response = self.client.request(request).await.context("the app cannot be reached")?;
            let status = response.status();
            anyhow::ensure!(status == StatusCode::OK, "the app responded {status}");
            let body = Limited::new(response.into_body(), RESPONSE).collect().await;
            let body = body.map_err(|e| anyhow!("the app's response cannot be read: {e}"))?;
            serde_json::from_slice(&body.to_bytes()).context("the app responded something else")
        };
        timeout(IMAGE_DEADLINE, exchange).await.context("no response of the app in time")?
    }

    fn request(&self, method: Method, uri: String) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(uri)
            .header("x-internal-service-token", self.token.clone())
            .header(USER_AGENT, concat!("ws-relay/", env!("CARGO_PKG_VERSION")))
    }
}

fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, Failure> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|e| Failure::App(anyhow!("the app responded {e}")));
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let said = problem.as_ref().map_or("", |problem| problem.detail.as_str());
    let failure = anyhow!("the app responded {status} {said}");
    Err(match (status, problem.map(|problem| problem.code).as_deref()) {
        (StatusCode::NOT_FOUND, Some("not_found")) => Failure::Gone,
        // Its homeserver, or what it says of this room.
        (StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT, Some(_)) => Failure::Channel(failure),
        (_, Some("unauthenticated" | "invalid")) => Failure::App(failure),
        (status, Some(_)) if status.is_client_error() => Failure::Channel(failure),
        (StatusCode::INTERNAL_SERVER_ERROR, Some(_)) => Failure::Channel(failure),
        _ => Failure::App(failure),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> &'static str {
        match read::<Reconciled>(StatusCode::from_u16(status).unwrap(), body.as_bytes()) {
            Ok(_) => "well",
            Err(Failure::Gone) => "gone",
            Err(Failure::Channel(_)) => "channel",
            Err(Failure::App(_)) => "app",
        }
    }

    #[test]
    fn whose_failure_it_is_is_told_by_the_response() {
        let found = serde_json::to_string(&Reconciled::default()).unwrap();
        let problem = |code: &str| format!(r#"{{"code": "{code}", "detail": "x"}}"#);
        for (status, body, expected) in [
            (200, found.as_str(), "well"),
            (200, "<html>", "app"),
            (404, &problem("not_found"), "gone"),
            // An app of before has no such route.
            (404, "", "app"),
            (401, &problem("unauthenticated"), "app"),
            (502, &problem("homeserver_failed"), "channel"),
            (502, "<html>", "app"),
            (503, &problem("unavailable"), "app"),
            (500, "", "app"),
        ] {
            assert_eq!(said(status, body), expected, "{status} {body}");
        }
    }
}

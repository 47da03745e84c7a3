//! The gateway: a client of one, and one that answers at once.

use anyhow::{Context, Error, ensure};
use axum::extract::Path;
use axum::http::{HeaderValue, Method, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use messaging_core::gateway::{Sent, TOKEN_HEADER, paths};
use messaging_core::matrix::RoomEvent;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

/// How long an answer may be.
const MAX_BYTES: usize = 1 << 20;

/// What a message says at the gateway that answers at once.
const TEXT: &str =
    "The whole text of a message, which only Matrix has: the index keeps its beginning and what it is found by.";

/// A client that keeps its connections.
pub struct Gateway {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    secret: String,
}

impl Gateway {
    /// The gateway at this address.
    pub fn at(url: &str, secret: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, url: url.trim_end_matches('/').to_owned(), secret: secret.to_owned() }
    }

    /// Sends a message.
    pub async fn send(&self, event: &Value) -> Result<Sent, Error> {
        self.call(Method::POST, paths::SEND, Full::from(serde_json::to_vec(event)?)).await
    }

    /// An event.
    pub async fn event(&self, room_id: &str, event_id: &str) -> Result<RoomEvent, Error> {
        let part = |id: &str| utf8_percent_encode(id, NON_ALPHANUMERIC).to_string();
        let path = paths::EVENT.replace(":room_id", &part(room_id)).replace(":event_id", &part(event_id));
        self.call(Method::GET, &path, Full::default()).await
    }

    async fn call<T: DeserializeOwned>(&self, method: Method, path: &str, body: Full<Bytes>) -> Result<T, Error> {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(TOKEN_HEADER, &self.secret)
            .body(body)?;
        let response = self.client.request(request).await?;
        ensure!(response.status().is_success(), "the gateway answered {}", response.status());
        let body = http_body_util::Limited::new(response.into_body(), MAX_BYTES).collect().await;
        let body = body.map_err(|e| Error::msg(e.to_string()))?.to_bytes();
        serde_json::from_slice(&body).context("the gateway answered something else")
    }
}

/// A gateway that has sent everything already, and knows every event.
pub fn routes() -> Router {
    Router::new()
        .route("/health", get(|| async { "well" }))
        .route(paths::SEND, post(sent))
        .route("/internal/matrix/rooms/{room}/event/{event}", get(event))
}

async fn sent(Json(event): Json<Value>) -> Json<Value> {
    // What is no message must not look as if it had been sent.
    let is_message = event.get("room_id").is_some() && event.get("body").is_some();
    Json(if is_message { json!({"event_id": format!("${}", Uuid::new_v4().simple())}) } else { Value::Null })
}

async fn event(Path((room, event)): Path<(String, String)>) -> Json<Value> {
    Json(json!({
        "event_id": event, "room_id": room, "type": "m.room.message", "sender": "@user-alice:localhost",
        "origin_server_ts": 1_767_225_600_000_u64, "content": {"msgtype": "m.text", "body": TEXT, "m.mentions": {}},
    }))
}

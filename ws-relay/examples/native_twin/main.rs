//! What the components do, as one native program, for `cargo dev bench http`: the same SQL functions, prepared once for each
//! connection, the same check of tokens, the same bodies. What is faster here is what WASM, its host and its pool cost.
//!
//! `native_twin serve` is that program; `native_twin gateway` is a gateway that answers at once, for everybody measured.

mod gateway;
mod index;

use anyhow::{Context, Error};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use gateway::Gateway;
use index::{Index, Page};
use messaging_core::auth::{Caller, Verifier};
use messaging_core::matrix::{self, RoomEvent};
use messaging_core::mention;
use messaging_core::message::{MessageType, SendMessage};
use messaging_core::rate_limit::{Class, Quotas};
use messaging_core::search::Entry;
use messaging_core::text::beginning;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

const CHANNELS: &str = "/api/messaging/channels";

struct Twin {
    verifier: Verifier,
    index: Index,
    gateway: Gateway,
    server_name: String,
    limits: Quotas,
}

/// A setting, from the environment.
fn setting(name: &str) -> Result<String, Error> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let routes = match std::env::args().nth(1).as_deref() {
        Some("gateway") => gateway::routes(),
        Some("serve") => routes().with_state(Arc::new(Twin {
            verifier: Verifier::from_settings(|name| std::env::var(name).ok()).map_err(Error::msg)?,
            index: Index::open(&setting("DATABASE_URL")?)?,
            gateway: Gateway::at(&setting("MATRIX_GATEWAY_URL")?, &setting("MATRIX_GATEWAY_SECRET")?),
            server_name: setting("MATRIX_SERVER_NAME")?,
            limits: Quotas::parse(&setting("RATE_LIMIT_SEND")?).map_err(Error::msg)?,
        })),
        _ => anyhow::bail!("native_twin serve, or native_twin gateway"),
    };
    let listener = tokio::net::TcpListener::bind(setting("LISTEN")?).await?;
    // As native programs do; without it the kernel may hold a small answer back for 40 ms.
    let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
    axum::serve(listener, routes).await.context("cannot serve")
}

fn routes() -> Router<Arc<Twin>> {
    Router::new()
        .route("/health", get(health))
        .route(CHANNELS, get(list_channels))
        .route(&format!("{CHANNELS}/{{channel}}"), get(get_channel))
        .route(&format!("{CHANNELS}/{{channel}}/members"), get(list_members))
        .route(&format!("{CHANNELS}/{{channel}}/messages"), get(list_messages).post(send))
        .route(&format!("{CHANNELS}/{{channel}}/messages/{{message}}"), get(get_message))
}

/// Why a request has no answer: what the caller did wrong, or anything else.
struct Failure(StatusCode, String);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", error.into()))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

type Answer = Result<Response, Failure>;

impl Twin {
    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Failure> {
        let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let checked = self.verifier.authenticate(text, None);
        checked.map(|checked| checked.caller).map_err(|problem| Failure(problem.status, problem.to_string()))
    }
}

#[derive(Deserialize)]
struct Asked {
    limit: i32,
    microdao_id: Option<String>,
}

async fn health() -> Json<Value> {
    Json(json!({"status": "healthy", "service": "daarion-messaging", "version": env!("CARGO_PKG_VERSION")}))
}

async fn list_channels(State(twin): State<Arc<Twin>>, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let caller = twin.caller(&headers)?;
    let page = twin.index.list_channels(&caller, asked.microdao_id.as_deref(), asked.limit).await?;
    Ok(array(page, CHANNELS, asked.limit))
}

async fn get_channel(State(twin): State<Arc<Twin>>, headers: HeaderMap, Path(channel): Path<Uuid>) -> Answer {
    let caller = twin.caller(&headers)?;
    Ok(document(StatusCode::OK, twin.index.get_channel(&caller, channel).await?))
}

async fn list_members(
    State(twin): State<Arc<Twin>>,
    headers: HeaderMap,
    Path(channel): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = twin.caller(&headers)?;
    let page = twin.index.list_members(&caller, channel, asked.limit).await?;
    Ok(array(page, &format!("{CHANNELS}/{channel}/members"), asked.limit))
}

async fn list_messages(
    State(twin): State<Arc<Twin>>,
    headers: HeaderMap,
    Path(channel): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = twin.caller(&headers)?;
    let page = twin.index.list_messages(&caller, channel, asked.limit).await?;
    Ok(array(page, &format!("{CHANNELS}/{channel}/messages"), asked.limit))
}

async fn get_message(
    State(twin): State<Arc<Twin>>,
    headers: HeaderMap,
    Path((channel, message)): Path<(Uuid, Uuid)>,
) -> Answer {
    let found = twin.index.get_message(&twin.caller(&headers)?, channel, message).await?;
    let event: RoomEvent = twin.gateway.event(&found.room_id, &found.event_id).await?;
    let content = event.newest_content();
    let mut row = found.message;
    row.insert("source".to_owned(), json!("matrix"));
    row.insert("text".to_owned(), json!(event.shown(&content).map(|said| said.text)));
    row.insert("formatted_body".to_owned(), json!(matrix::text(&content, "formatted_body")));
    row.insert("content".to_owned(), content);
    Ok(Json(row).into_response())
}

async fn send(
    State(twin): State<Arc<Twin>>,
    headers: HeaderMap,
    Path(channel): Path<Uuid>,
    Json(message): Json<SendMessage>,
) -> Answer {
    let caller = twin.caller(&headers)?;
    let (sender, text) = (caller.id(), message.text());
    let limits = twin.limits.limits(Class::Send, sender);
    let room_id = twin.index.prepare_send(&caller, channel, &serde_json::to_string(&limits)?).await?;
    let matrix_id = sender.matrix_user_id(&twin.server_name);
    let event = json!({
        "room_id": room_id, "sender": sender.as_str(), "sender_matrix_id": matrix_id, "event_type": "m.room.message",
        "msgtype": MessageType::Text.as_str(), "body": text, "txn_id": Uuid::new_v4(),
        "extra_content": Map::from_iter([(mention::MENTIONS_FIELD.to_owned(), mention::content([], &twin.server_name))]),
    });
    let sent = twin.gateway.send(&event).await?;
    let recorded = index::Sent {
        room_id: &room_id,
        event_id: &sent.event_id,
        sender,
        matrix_id: &matrix_id,
        preview: &beginning(text),
        search: &serde_json::to_string(&Entry::of_text(text))?,
    };
    Ok(document(StatusCode::CREATED, twin.index.record_message(&recorded).await?.get()))
}

/// A page's items, and the addresses of the pages beside it.
fn array(page: Page, path: &str, limit: i32) -> Response {
    let mut response = document(StatusCode::OK, String::from(Box::<str>::from(page.items)));
    for (relation, query) in page.links {
        let link = query.map(|query| format!("<{path}?limit={limit}&{query}>; rel=\"{relation}\""));
        if let Some(link) = link.and_then(|link| link.parse().ok()) {
            response.headers_mut().append(header::LINK, link);
        }
    }
    response
}

fn document(status: StatusCode, json: impl Into<String>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json.into()).into_response()
}

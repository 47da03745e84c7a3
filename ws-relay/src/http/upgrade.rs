//! `GET /ws/messaging` and `GET /ws/messaging/{channel_id}`: everything is decided before the upgrade.

use crate::access::{self, Access};
use crate::app::App;
use crate::http::auth::{Query, SUBPROTOCOL, identify};
use crate::http::problem::ProblemResponse;
use crate::socket::session::{Identity, Purpose, serve};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use messaging_core::problem::Problem;
use messaging_core::socket::MAX_CLIENT_MESSAGE_BYTES;
use std::sync::Arc;

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;
type MaybeQuery = Result<axum::extract::Query<Query>, QueryRejection>;

/// Buffers per socket, in bytes. The library's defaults would be a quarter of a megabyte for each of them.
const READ_BUFFER: usize = 4 * 1024;
const WRITE_BUFFER: usize = 16 * 1024;

/// A socket for one channel.
pub async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    query: MaybeQuery,
    upgrade: Upgrade,
) -> Result<Response, ProblemResponse> {
    let opened = async {
        let query = readable(query)?;
        let identity = identify(&app.verifier, &headers, &query)?;
        // What is not UTF-8 is the id of no channel either.
        let channel = path.ok().and_then(|Path(text)| ChannelId::parse(&text));
        let channel = channel.ok_or_else(|| Problem::not_found("channel"))?;
        let since = query.since_seq.as_deref().map(since_seq).transpose()?;
        match access::check(&app.database, identity.caller.as_ref(), channel).await {
            Ok(Access::Granted(head)) => Ok((identity, Purpose::One { channel, head, since })),
            Ok(Access::Denied | Access::Gone) => Err(Problem::not_found("channel")),
            Err(e) => Err(unavailable(e)),
        }
    };
    let (identity, purpose) = opened.await.map_err(|problem| ProblemResponse::new(&headers, problem))?;
    accept(app.clone(), upgrade, identity, purpose).map_err(|problem| ProblemResponse::new(&headers, problem))
}

/// A socket for many channels.
pub async fn many(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: MaybeQuery,
    upgrade: Upgrade,
) -> Result<Response, ProblemResponse> {
    readable(query)
        .and_then(|query| identify(&app.verifier, &headers, &query))
        .and_then(|identity| accept(app, upgrade, identity, Purpose::Many))
        .map_err(|problem| ProblemResponse::new(&headers, problem))
}

fn readable(query: MaybeQuery) -> Result<Query, Problem> {
    query.map(|query| query.0).map_err(|e| Problem::bad_request("invalid_query", e.body_text()))
}

fn since_seq(text: &str) -> Result<Seq, Problem> {
    text.parse().ok().filter(|seq| *seq >= 0).ok_or_else(|| {
        Problem::invalid_parameter("since_seq", "must be the number of the last event that you have, 0 for none")
    })
}

fn unavailable(internal_message: impl std::fmt::Display) -> Problem {
    let detail = "The service is not available at the moment. Connect again.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).with_internal_message(internal_message)
}

fn accept(app: Arc<App>, upgrade: Upgrade, identity: Identity, purpose: Purpose) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|e| {
        let problem =
            |status| Problem::new(status, "upgrade_required", "This is a WebSocket; connect with ws:// or wss://.");
        match e {
            WebSocketUpgradeRejection::InvalidWebSocketVersionHeader(_) => {
                Problem::bad_request("invalid_upgrade", "The WebSocket version must be 13.")
            }
            _ => problem(StatusCode::UPGRADE_REQUIRED),
        }
    })?;
    if app.shutdown.is_cancelled() {
        return Err(unavailable("shutting down"));
    }
    let sockets = app.sockets.clone();
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(MAX_CLIENT_MESSAGE_BYTES)
        .max_frame_size(MAX_CLIENT_MESSAGE_BYTES)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER);
    // As long as the token lives, the end of the relay waits for this socket.
    let counted = sockets.token();
    Ok(upgrade.on_upgrade(move |socket| async move {
        serve(app, socket, identity, purpose).await;
        drop(counted);
    }))
}

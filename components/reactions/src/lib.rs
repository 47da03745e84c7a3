//! `…/messages/:message_id/reactions` and `…/reactions/:emoji`: list, add, take back.

mod add;
mod remove;

use http::{Method, StatusCode};
use messaging_edge::{Problem, Reply, Request, identity, serve, store};
use serde::Deserialize;
use serde_json::value::RawValue;
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

/// Longer than any emoji sequence, and short enough for an index.
const MAX_EMOJI_BYTES: usize = 128;

#[http_service]
async fn reactions(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    let one = request.path().trim_matches('/').split('/').count() > 7;
    match (one, request.method()) {
        (false, &Method::GET) => list(&request).await,
        (false, _) => Err(Problem::method_not_allowed("GET")),
        (true, &Method::PUT) => add::add(&request).await,
        (true, &Method::DELETE) => remove::remove(&request).await,
        (true, _) => Err(Problem::method_not_allowed("PUT, DELETE")),
    }
}

/// The emoji of the path, percent-decoded.
fn emoji(request: &Request) -> Result<String, Problem> {
    let emoji = request.segment(7).into_owned();
    if emoji.is_empty() || emoji.len() > MAX_EMOJI_BYTES || emoji.chars().any(char::is_control) {
        return Err(Problem::invalid_parameter("emoji", "must be 1 to 128 bytes of UTF-8, percent-encoded"));
    }
    Ok(emoji)
}

async fn list(request: &Request) -> Result<Reply, Problem> {
    #[derive(Deserialize)]
    struct Listed {
        reactions: Box<RawValue>,
    }
    let caller = identity::caller(request).await?;
    let [who, microdaos] = store::caller(&caller);
    let parameters = vec![who, microdaos, store::uuid(request.channel_id()?), store::uuid(request.message_id()?)];
    let listed: Listed = store::call("list_reactions", parameters).await?;
    Reply::json(StatusCode::OK, &listed.reactions)
}

//! Uploads with an `Idempotency-Key`. What was uploaded is known only when it has been read: until then a request is told by
//! the name, type and length of its file, and then by its bytes.

use crate::source::file;
use futures_util::StreamExt;
use http::{StatusCode, header};
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;
use messaging_core::media::{ContentHash, UploadedFile};
use messaging_core::refusal::Refusal;
use messaging_edge::deadline::within;
use messaging_edge::form::is_form;
use messaging_edge::index::requests::{KnownRequest, begin_request, finish_request};
use messaging_edge::outgoing::{IDLE, TRANSFER};
use messaging_edge::settings::fingerprint;
use messaging_edge::{IdempotencyKey, Problem, Request, Response, log};
use std::future::Future;
use std::time::Duration;

/// How long an upload may take from when its bytes are asked for: all of them, and what the homeserver takes to store them.
pub const RUN: Duration = TRANSFER.saturating_add(Duration::from_secs(120));
/// How long it holds its key: what is decided in front of it and recorded behind it has its time, too.
const HELD: Duration = RUN.saturating_add(Duration::from_secs(60));

/// Carries an upload out, with a key once. `request` is left where it was done before: then its bytes have to be the same.
pub async fn once<F: Future<Output = Result<Response, Problem>>>(
    caller: &Caller,
    channel_id: ChannelId,
    key: IdempotencyKey,
    name: &str,
    length: u64,
    request: Request,
    upload: impl FnOnce(Request) -> F,
) -> Result<Response, Problem> {
    let Some(client_key) = key.of(caller) else { return upload(request).await };
    let key = format!("POST files {channel_id} {}", client_key.as_str());
    // A form's boundary is another one each time.
    let declared = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let declared = if is_form(&request) { "form" } else { declared };
    let fingerprint = fingerprint(&[&key, name, declared, &length.to_string()]).await?;
    let known = begin_request(caller, &key, &fingerprint, channel_id, HELD).await?;
    if let Some(status) = known.status {
        return within(TRANSFER, again(request, length, status, known))
            .await
            .unwrap_or_else(|| Err(Problem::slow_body()));
    }
    let run_id = known.run_id;
    let outcome = upload(request).await;
    let response = outcome.as_ref().ok().map(|response| (response.status.as_u16(), response.text()));
    // Without this row the request counts as running as long as the key is held, and is carried out again after that.
    if let Err(error) = finish_request(caller.id(), &key, run_id, response).await {
        log::error("", &format!("an upload in {channel_id}: its response is not kept: {}", Problem::from(error)));
    }
    outcome
}

/// The response of the first request, to one with the same bytes.
async fn again(request: Request, length: u64, status: u16, known: KnownRequest) -> Result<Response, Problem> {
    let response = known.response.unwrap_or_default();
    let first: UploadedFile = serde_json::from_str(&response).map_err(Problem::internal)?;
    let mut chunks = file(request, length).await?.chunks;
    let mut hash = ContentHash::default();
    while let Some(chunk) = within(IDLE, chunks.next()).await.ok_or_else(Problem::slow_body)? {
        hash.update(&chunk?);
    }
    if hash.sum() != first.sha256 {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    Ok(Response::raw_json(StatusCode::from_u16(status).map_err(Problem::internal)?, response))
}

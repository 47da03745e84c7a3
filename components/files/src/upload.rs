//! POST: uploads. The file goes through as it comes; nothing of it is kept here but a count and a sum.

use crate::known::{RUN, once};
use crate::limit::upload_limit;
use crate::source::{file, peek};
use futures_util::StreamExt;
use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;
use messaging_core::media::{ContentHash, MediaPath, UploadQuery, UploadedFile, clean_filename, content_type};
use messaging_core::paths::ChannelPath;
use messaging_edge::deadline::within;
use messaging_edge::form::{MAX_FORM_BYTES, is_form};
use messaging_edge::gateway::{Gateway, Upload};
use messaging_edge::index::files::{cancel_upload, prepare_upload, record_upload};
use messaging_edge::{Chunks, IdempotencyKey, Path, Problem, Query, Request, Response, log, settings};
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub async fn upload(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    key: IdempotencyKey,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let length = request.content_length().ok_or_else(Problem::length_required)?;
    let name = query.filename;
    let told = name.clone().unwrap_or_default();
    let what = What { caller: &caller, channel_id: at.channel_id, name, length };
    once(&caller, at.channel_id, key, &told, length, request, |request| counted(what, request)).await
}

struct What<'a> {
    caller: &'a Caller,
    channel_id: ChannelId,
    /// As the query has it.
    name: Option<String>,
    /// Of the body, in bytes.
    length: u64,
}

/// Decides and counts; what comes to nothing does not count. The homeserver is asked nothing for who may not upload.
async fn counted(what: What<'_>, request: Request) -> Result<Response, Problem> {
    let limits = settings::upload_limits(what.caller).await?;
    let counted_at = Instant::now();
    prepare_upload(what.caller, what.channel_id, what.length, limits.as_ref()).await?;
    let uploaded = within(RUN, carry_out(&what, request)).await;
    let uploaded = uploaded.unwrap_or_else(|| Err(Problem::homeserver_timeout("an upload takes too long")));
    if let (Err(_), Some(limits)) = (&uploaded, &limits)
        && let Err(error) = cancel_upload(what.caller, what.channel_id, what.length, limits, counted_at.elapsed()).await
    {
        log::error("", &format!("an upload in {} still counts: {}", what.channel_id, Problem::from(error)));
    }
    uploaded
}

async fn carry_out(what: &What<'_>, request: Request) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let limit = upload_limit(&gateway).await?;
    let room = if is_form(&request) { MAX_FORM_BYTES } else { 0 };
    if what.length > limit.saturating_add(room) {
        return Err(Problem::file_too_large(limit));
    }
    let file = file(request, what.length).await?;
    if file.size > limit {
        return Err(Problem::file_too_large(limit));
    }
    let filename = clean_filename(what.name.as_deref().or(file.name.as_deref()));
    let (head, chunks) = peek(file.chunks).await?;
    let content_type = content_type(file.content_type.as_deref(), &head);
    drop(head);
    let hash = Arc::new(Mutex::new(ContentHash::default()));
    let chunks = summed(chunks, Arc::clone(&hash));
    let upload = Upload { filename: filename.clone(), content_type: content_type.clone(), size: file.size, chunks };
    let uploaded = gateway.upload(upload).await?;
    let content = MediaPath::of_uri(&uploaded.content_uri);
    let content = content.ok_or_else(|| Problem::homeserver_failed("an upload without an mxc:// address"))?;
    let sha256 = hash.lock().map(|hash| hash.sum()).map_err(Problem::internal)?;
    let content_uri = uploaded.content_uri;
    let file = UploadedFile { content_uri, filename, content_type, size: file.size, sha256 };
    let document = record_upload(what.caller, what.channel_id, &content, &file).await?;
    Ok(Response::document(StatusCode::CREATED, document))
}

/// The same bytes; their sum is in `hash` when all have passed.
fn summed(chunks: Chunks, hash: Arc<Mutex<ContentHash>>) -> Chunks {
    Box::pin(chunks.inspect(move |chunk| {
        if let (Ok(chunk), Ok(mut hash)) = (chunk, hash.lock()) {
            hash.update(chunk);
        }
    }))
}

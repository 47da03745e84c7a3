//! GET: what is kept of a channel or of a person, page by page, messages with what Matrix has of them.

use futures_util::future::{join, join4};
use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::life::{CHANNEL_PARTS, ExportPage, ExportQuery, PERSON_PARTS, PersonPath};
use messaging_core::paths::ChannelPath;
use messaging_edge::deadline::within;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::life::{export_channel, export_person};
use messaging_edge::{Path, Problem, Query, Response, acts};
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// How many items a page has at most, and how long Matrix may take for all of them together.
const PAGE: i32 = 40;
const DEADLINE: Duration = Duration::from_secs(20);

pub async fn channel(
    _: Internal,
    Path(at): Path<ChannelPath>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let part = query.part_of(&CHANNEL_PARTS)?;
    let mut page = export_channel(at.channel_id, part, query.after.as_deref(), PAGE).await?;
    add_contents(part, &mut page).await?;
    Response::json(StatusCode::OK, &page)
}

pub async fn person(
    _: Internal,
    Path(at): Path<PersonPath>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let part = query.part_of(&PERSON_PARTS)?;
    let member_id = at.member_id(Gateway::from_settings().await?.server_name())?;
    let mut page = export_person(&member_id, part, query.after.as_deref(), PAGE).await?;
    add_contents(part, &mut page).await?;
    Response::json(StatusCode::OK, &page)
}

/// Adds to each message what Matrix has of it. While Matrix is away there is no page.
async fn add_contents(part: &str, page: &mut ExportPage) -> Result<(), Problem> {
    if part != "messages" {
        return Ok(());
    }
    let gateway = Gateway::from_settings().await?;
    let found = RefCell::new(vec![None; page.items.len()]);
    let failed = RefCell::new(None);
    let next = Cell::new(0);
    // Eight at a time, each with the next one as soon as it has one.
    let lane = async || {
        while failed.borrow().is_none() {
            let at = next.replace(next.get() + 1);
            let Some(item) = page.items.get(at) else { return };
            match read(&gateway, item).await {
                Ok(fields) => {
                    if let Some(found) = found.borrow_mut().get_mut(at) {
                        *found = fields;
                    }
                }
                Err(problem) => drop(failed.replace(Some(problem))),
            }
        }
    };
    let lanes = join(join4(lane(), lane(), lane(), lane()), join4(lane(), lane(), lane(), lane()));
    if within(DEADLINE, lanes).await.is_none() {
        return Err(Problem::homeserver_timeout("Matrix has not given the messages of a page in time"));
    }
    if let Some(problem) = failed.take() {
        return Err(problem);
    }
    for (item, fields) in page.items.iter_mut().zip(found.take()) {
        item.extend(fields.unwrap_or_default());
    }
    Ok(())
}

/// The fields to add; `None` of a deleted message, whose content is gone.
async fn read(gateway: &Gateway, item: &Map<String, Value>) -> Result<Option<Map<String, Value>>, Problem> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let message = item.get("message").and_then(Value::as_object);
    let is_deleted = message.and_then(|message| message.get("deleted_at")).is_some_and(|at| !at.is_null());
    let event_id = message.and_then(|message| text(message.get("matrix_event_id"))).filter(|_| !is_deleted);
    let (Some(event_id), Some(room_id)) = (event_id, text(item.get("room_id"))) else { return Ok(None) };
    let edit_event_id = text(item.get("edit_event_id"));
    let fields = match acts::read_newest(gateway, &room_id, &event_id, edit_event_id.as_deref()).await {
        Ok((event, content)) => json!({
            "type": event.event_type, "sender_matrix_id": event.sender,
            "origin_server_ts": event.origin_server_ts, "content": content,
        }),
        Err(problem) if problem.is_gateway_lacks() || problem.status.is_client_error() => {
            json!({"content": null, "missing": problem.code})
        }
        Err(problem) => return Err(problem),
    };
    Ok(fields.as_object().cloned())
}

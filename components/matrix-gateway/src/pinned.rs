//! PUT `/internal/matrix/rooms/{room_id}/pinned`: one event comes into the room's list of pinned ones, or leaves it. An
//! optional part of the contract.

use crate::act::as_person_or_bot;
use crate::error::GatewayError;
use crate::homeserver::{Acting, EventId, Homeserver, v3};
use crate::ids::{actor, event_id};
use crate::params::RoomPath;
use http::{Method, StatusCode};
use messaging_core::gateway::{Pinned, Sent};
use messaging_edge::{Json, Path, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How often a change is tried while others write the list of the same room.
const MAX_TRIES: usize = 8;

/// The list as the room has it.
#[derive(Deserialize)]
struct ListEvent {
    event_id: String,
    #[serde(default)]
    content: Map<String, Value>,
    #[serde(default)]
    unsigned: Unsigned,
}

/// What the homeserver says of the list before (client-server API, "Room event format").
#[derive(Default, Deserialize)]
#[serde(default)]
struct Unsigned {
    replaces_state: Option<String>,
    prev_content: Option<Map<String, Value>>,
}

/// Pins an event behind the others, or unpins it.
///
/// Matrix has the list in one event, and no way to write it only if nobody else has. So this reads, writes, and reads again
/// which list its own has replaced: where that is not the one that was read, it writes anew what was lost.
pub async fn set_pinned(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(change): Json<Pinned>,
) -> Result<Response, GatewayError> {
    let event = event_id(&change.event_id)?;
    let person = actor(("sender_matrix_id", change.sender_matrix_id.as_deref()), ("sender", None), hs.server_name())?;
    let target = v3(&["rooms", &path.room_id, "state", "m.room.pinned_events", ""]);
    let mut current = read(&hs, &target).await?;
    for _ in 0..MAX_TRIES {
        let known = current.as_ref().map(|list| list.event_id.clone());
        let content = current.map(|list| list.content).unwrap_or_default();
        let Some(changed) = changed(&content, event, change.pinned) else {
            // A room without a list has no event of one.
            return sent(known.unwrap_or_default());
        };
        let written: EventId = as_person_or_bot(person.as_ref(), async |acting| {
            hs.call(acting, Method::PUT, &target, Some(&changed)).await
        })
        .await?;
        let after = read(&hs, &target).await?;
        match after {
            Some(ListEvent { event_id, unsigned, .. }) if event_id == written.event_id => {
                let (replaced, lost) = (unsigned.replaces_state, unsigned.prev_content);
                match lost {
                    Some(lost) if replaced.is_some() && replaced != known => {
                        current = Some(ListEvent { event_id, content: lost, unsigned: Unsigned::default() });
                    }
                    _ => return sent(event_id),
                }
            }
            other => current = other,
        }
    }
    Err(GatewayError::failed("others write the list of pinned events of this room all the time"))
}

async fn read(hs: &Homeserver, target: &str) -> Result<Option<ListEvent>, GatewayError> {
    match hs.get(Acting::Bot, &format!("{target}?format=event")).await {
        Ok(list) => Ok(Some(list)),
        Err(error) if error.is("M_NOT_FOUND") => Ok(None),
        Err(error) => Err(error),
    }
}

fn sent(event_id: String) -> Result<Response, GatewayError> {
    Ok(Response::json(StatusCode::OK, &Sent { event_id, sent_at: None })?)
}

/// The list with the event behind the others, or without it; `None` when it is so already. Whatever else the list holds
/// stays as it is.
fn changed(content: &Map<String, Value>, event: &str, is_pinned: bool) -> Option<Value> {
    let listed = content.get("pinned").and_then(Value::as_array).cloned().unwrap_or_default();
    if listed.iter().any(|id| id == event) == is_pinned {
        return None;
    }
    let mut listed: Vec<_> = listed.into_iter().filter(|id| id != event).collect();
    if is_pinned {
        listed.push(json!(event));
    }
    let mut content = content.clone();
    content.insert("pinned".to_owned(), Value::Array(listed));
    Some(Value::Object(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(content: Value, event: &str, is_pinned: bool) -> Option<Value> {
        changed(content.as_object().unwrap(), event, is_pinned)
    }

    #[test]
    fn one_event_comes_or_goes_and_all_else_stays_as_it_is() {
        let list = json!({"pinned": ["$a", 7, "$b", "nonsense"], "other": {"x": 1}});
        let with = json!({"pinned": ["$a", 7, "$b", "nonsense", "$c"], "other": {"x": 1}});
        assert_eq!(after(list.clone(), "$c", true), Some(with.clone()));
        assert_eq!(after(with.clone(), "$c", false), Some(list.clone()));
        assert_eq!(after(list.clone(), "$a", true), None);
        assert_eq!(after(list, "$c", false), None);
        let twice = json!({"pinned": ["$a", "$b", "$a"]});
        assert_eq!(after(twice, "$a", false), Some(json!({"pinned": ["$b"]})));
    }

    #[test]
    fn what_is_no_list_is_an_empty_one() {
        for content in [json!({}), json!({"pinned": null}), json!({"pinned": "$a"}), json!({"pinned": {}})] {
            assert_eq!(after(content.clone(), "$a", true), Some(json!({"pinned": ["$a"]})));
            assert_eq!(after(content, "$a", false), None);
        }
    }
}

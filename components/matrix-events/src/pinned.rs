//! `m.room.pinned_events`: the room's list of pinned events (client-server API, "Server-side pinned messages").

use crate::event::{Event, is_id};
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, Sender, record_pinned_events};
use serde_json::Value;

/// Follows the list. What is no id of an event names nothing; what is no list is an empty one.
pub async fn record(event: &Event, sender: &Sender, order: Order<'_>) -> Result<Option<String>, Error> {
    let changed_at = event.changed_at();
    let recorded = record_pinned_events(event.state(sender, &changed_at, order), listed(&event.content)).await?;
    Ok(recorded.ask_version)
}

/// As many as an event may hold, which has 64 KiB; the index keeps the last of them.
fn listed(content: &Value) -> Vec<String> {
    let ids = content.get("pinned").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    ids.iter().filter_map(Value::as_str).filter(|id| is_id(id)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_ids_are_listed_in_their_order() {
        let content = json!({"pinned": ["$b", 7, null, "$a", "", "a\u{0}b", ["$c"], "x".repeat(300)]});
        assert_eq!(listed(&content), ["$b", "$a"]);
        for nothing in [json!({}), json!({"pinned": "$a"}), json!({"pinned": {"0": "$a"}}), Value::Null] {
            assert_eq!(listed(&nothing), [""; 0]);
        }
    }
}

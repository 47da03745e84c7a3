//! Parameters by their names in `components/parameters`.

use messaging_core::ids::{ChannelId, MessageId, MicrodaoId};
use messaging_core::page::{DEFAULT_LIMIT, MAX_LIMIT};
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// Every parameter.
pub fn parameters(types: &mut SchemaGenerator) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    let mut add = |key, place: &str, name: &str, description: &str, mut schema: Value| {
        let required = place == "path";
        // The parameter has its own.
        schema.as_object_mut().map(|schema| schema.remove("description"));
        let parameter = json!({
            "name": name, "in": place, "required": required, "description": description, "schema": schema,
        });
        all.push((key, parameter));
    };
    let limit = |default: i32| json!({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default});
    let text = || json!({"type": "string"});

    let channel = types.subschema_for::<ChannelId>().to_value();
    add("channel_id", "path", "channel_id", "The channel.", channel);
    let message = types.subschema_for::<MessageId>().to_value();
    add("message_id", "path", "message_id", "The message.", message);
    let member = json!({"type": "string", "examples": ["me"]});
    add(
        "member_id",
        "path",
        "member_id",
        "The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`.",
        member,
    );
    let emoji = json!({"type": "string", "minLength": 1, "maxLength": 128, "examples": ["👍"]});
    add("emoji", "path", "emoji", "Any emoji of up to 128 bytes of UTF-8, percent-encoded.", emoji);
    let agent = json!({"type": "string", "pattern": "^agent:[a-z0-9._-]{1,64}$", "examples": ["agent:sofia"]});
    add("agent_id", "path", "agent_id", "The agent.", agent.clone());

    add("limit", "query", "limit", "How many at most.", limit(DEFAULT_LIMIT));
    add("member_limit", "query", "limit", "How many at most.", limit(MAX_LIMIT));
    let place = "a message's `seq`, a message id, or an RFC 3339 time";
    add("before", "query", "before", &format!("Only messages before this place: {place}."), text());
    let after = format!("Only messages after this place, the nearest ones: {place}. Not together with `before`.");
    add("after", "query", "after", &after, text());
    add("cursor", "query", "cursor", "Where the page starts; comes from a `Link` header.", text());
    let microdao = types.subschema_for::<MicrodaoId>().to_value();
    add("microdao_id", "query", "microdao_id", "Only channels of this microDAO.", microdao);
    add("reader", "query", "agent_id", "The agent that reads; without it a service of the platform does.", agent);

    let key = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
    let described = "Makes a retry safe: the same key by the same caller gives the same result, whatever failed in \
                     between. A UUID will do.";
    add("idempotency_key", "header", "Idempotency-Key", described, key);
    all
}

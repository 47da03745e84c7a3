//! Parameters by their names in `components/parameters`.

use messaging_core::ids::{ChannelId, ErasureId, MessageId, MicrodaoId, PreviewId};
use messaging_core::life::{CHANNEL_PARTS, PERSON_PARTS};
use messaging_core::page::{DEFAULT_HITS, DEFAULT_LIMIT, MAX_CHANNELS, MAX_HITS, MAX_LIMIT};
use messaging_core::paths::ReactionPath;
use messaging_core::receipt::MAX_SEQ;
use messaging_core::reconcile::MAX_MIN_AGE;
use messaging_core::text::patterns;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// Every parameter.
pub fn parameters(types: &mut SchemaGenerator) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    let mut add = |key, place: &str, name: &str, description: &str, mut schema: Value| {
        let required = place == "path" || key == "q";
        // The parameter has its own.
        schema.as_object_mut().map(|schema| schema.remove("description"));
        let parameter = json!({
            "name": name, "in": place, "required": required, "description": description, "schema": schema,
        });
        all.push((key, parameter));
    };
    let query = json!({"type": "string", "examples": ["квартира from:me has:image"]});
    let described = "What is looked for. The first 500 characters are read, 32 words and 16 operators of them.";
    add("q", "query", "q", described, query);

    let limit = |default: i32, most: i32| json!({"type": "integer", "minimum": 1, "maximum": most, "default": default});
    let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    let time = r"[1-9]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z";
    let text = |pattern: String| json!({"type": "string", "pattern": pattern});
    let place_of_message = || text(format!(r"^([0-9]{{1,18}}|{uuid}|{time})$"));

    let channel = types.subschema_for::<ChannelId>().to_value();
    add("channel_id", "path", "channel_id", "The channel.", channel.clone());
    let message = types.subschema_for::<MessageId>().to_value();
    add("message_id", "path", "message_id", "The message.", message);
    let preview = types.subschema_for::<PreviewId>().to_value();
    let erasure = types.subschema_for::<ErasureId>().to_value();
    add("erasure_id", "path", "erasure_id", "The erasure.", erasure);
    let part = |parts: &[&str]| json!({"type": "string", "enum": parts});
    add("channel_part", "query", "part", "Of what; of the channel itself when it is left out.", part(&CHANNEL_PARTS));
    add("person_part", "query", "part", "Of what; of the profile when it is left out.", part(&PERSON_PARTS));
    let described = "Where to go on: `next` of the page before of the same part.";
    add("export_after", "query", "after", described, json!({"type": "string", "maxLength": 60}));
    add("preview_id", "path", "preview_id", "What one of the message's links shows.", preview);
    let entity = "(user|agent):[a-z0-9._-]{1,64}|@[!-9;-~]{1,100}:[0-9a-zA-Z.:-]{1,100}";
    let mut member = text(format!("^(me|{entity})$"));
    member["examples"] = json!(["me"]);
    add(
        "member_id",
        "path",
        "member_id",
        "The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`.",
        member,
    );
    // In characters, of which an emoji may have as many as bytes: what the service takes, the document does not forbid.
    let most = ReactionPath::MAX_EMOJI_BYTES;
    let emoji = json!({"type": "string", "maxLength": most, "pattern": patterns::LINE, "examples": ["👍"]});
    let described = "Any emoji that one can see, of up to 128 bytes of UTF-8, percent-encoded.";
    add("emoji", "path", "emoji", described, emoji);
    let agent = json!({"type": "string", "pattern": "^agent:[a-z0-9._-]{1,64}$", "examples": ["agent:sofia"]});
    add("agent_id", "path", "agent_id", "The agent.", agent.clone());

    add("limit", "query", "limit", "How many at most.", limit(DEFAULT_LIMIT, MAX_LIMIT));
    add("member_limit", "query", "limit", "How many at most.", limit(MAX_LIMIT, MAX_LIMIT));
    add("channel_limit", "query", "limit", "How many at most.", limit(MAX_CHANNELS, MAX_CHANNELS));
    let place = "a message's `seq`, a message id, or an RFC 3339 time";
    add("before", "query", "before", &format!("Only messages before this place: {place}."), place_of_message());
    let after = format!("Only messages after this place, the nearest ones: {place}. Not together with `before`.");
    add("after", "query", "after", &after, place_of_message());
    let deleted = "Whether deleted messages are on the page too, without their text.";
    add("deleted", "query", "deleted", deleted, json!({"type": "boolean", "default": false}));
    let cursor = "Where the page starts; comes from a `Link` header.";
    add("cursor", "query", "cursor", cursor, text(format!("^{time}_{uuid}$")));
    add("member_cursor", "query", "cursor", cursor, text(format!("^{uuid}$")));
    add("thread_cursor", "query", "cursor", cursor, text(r"^[0-9]{1,18}$".to_owned()));
    let followed = "Only threads that the caller follows.";
    add("followed", "query", "followed", followed, json!({"type": "boolean", "default": false}));
    add("hit_limit", "query", "limit", "How many at most.", limit(DEFAULT_HITS, MAX_HITS));
    let next = "Where the page starts; comes from `next` of the page before.";
    add("hit_cursor", "query", "cursor", next, text(format!("^{time}_{uuid}$")));
    let microdao = types.subschema_for::<MicrodaoId>().to_value();
    add(
        "of_microdao",
        "query",
        "microdao_id",
        "Only channels of this microDAO, or messages in them.",
        microdao.clone(),
    );
    add("in_channel", "query", "channel_id", "Only messages of this channel.", channel);
    let joined = "Whether only channels that the caller is a member of; an invitation is none.";
    add("joined", "query", "joined", joined, json!({"type": "boolean", "default": false}));
    let order = "What is on top: the channel that was made last (`created`), or whose newest message is the newest, a deleted one \
                 too (`activity`; a channel without messages stands where it was made).";
    let orders = json!({"type": "string", "enum": ["created", "activity"], "default": "created"});
    add("channel_order", "query", "order", order, orders);
    let include = "`content` adds what `GET` of each message tells. A page then has at most 50 messages.";
    add("include", "query", "include", include, json!({"type": "string", "enum": ["content"]}));
    add("microdao_id", "path", "microdao_id", "The microDAO.", microdao);
    add("reader", "query", "agent_id", "The agent that reads; without it a service of the platform does.", agent);
    let since = "Since when, an RFC 3339 time; without it, where the last run has ended.";
    add("since", "query", "since", since, text(format!("^{time}$")));
    let seq = "The number that readers are counted of; without it, that of the newest message.";
    add("receipt_seq", "query", "seq", seq, json!({"type": "integer", "minimum": 0, "maximum": MAX_SEQ}));
    let age = "Events that are younger than so many seconds are left to the homeserver.";
    let number = json!({"type": "integer", "minimum": 0, "maximum": MAX_MIN_AGE, "default": 0});
    add("min_age", "query", "min_age", age, number);
    let before = "Only messages in front of this number, which the run before has given as `next`.";
    add("reindex_before", "query", "before", before, text(r"^[0-9]{1,18}$".to_owned()));
    add("ban", "query", "ban", "Whether they are banned as well.", json!({"type": "boolean", "default": false}));

    let server = text(r"^[A-Za-z0-9\[][A-Za-z0-9.:\[\]-]{0,199}$".to_owned());
    add("server_name", "path", "server_name", "The server that has the content: behind `mxc://`.", server);
    let id = text("^[A-Za-z0-9_-]{1,50}$".to_owned());
    add("media_id", "path", "media_id", "The content's id there: behind the server's name.", id);
    let name = json!({"type": "string", "examples": ["voice.ogg"]});
    add(
        "filename",
        "query",
        "filename",
        "What the file is called. Folders in front of it, and what is beyond 255 bytes, are left out.",
        name,
    );
    let side = |usual: u16| json!({"type": "integer", "minimum": 1, "maximum": 2048, "default": usual});
    add("width", "query", "width", "In pixels.", side(320));
    add("height", "query", "height", "In pixels.", side(240));
    let fits = json!({"type": "string", "enum": ["scale", "crop"], "default": "scale"});
    add("fit", "query", "method", "Whether it is shown as a whole (`scale`) or fills the size (`crop`).", fits);
    let number = json!({"type": "integer", "minimum": 0});
    add("media_expires", "query", "expires", "Of a signed address.", number);
    let signature = json!({"type": "string", "maxLength": 6000});
    add("media_signature", "query", "signature", "Of a signed address.", signature);

    let key = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
    let described = "Makes a retry safe: the same key by the same caller gives the same result, whatever failed in \
                     between. A UUID will do.";
    add("idempotency_key", "header", "Idempotency-Key", described, key);
    all
}

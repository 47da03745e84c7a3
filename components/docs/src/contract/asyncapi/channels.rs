//! The WebSockets, the subjects, and who says what on them.

use super::messages::{Kind, Message, Messages, paragraphs};
use crate::contract::openapi::template;
use messaging_core::advisory::ADVISORIES;
use messaging_core::paths;
use messaging_core::socket::{
    CLIENT_MESSAGE_BURST, CLIENT_MESSAGES_PER_SECOND, CLIENT_WISH_BURST, CLIENT_WISHES_PER_SECOND, CloseCode,
    MAX_BYTES_BETWEEN_MESSAGES, MAX_CHANNELS, MAX_CLIENT_MESSAGE_BYTES, MAX_ECHOED_ID, MAX_RESUMED_EVENTS, PING, PONG,
    RETRY_AFTER, RefusalCode,
};
use serde_json::{Map, Value, json};
use strum::{EnumMessage, VariantArray};

/// The keys of the sockets in `channels`.
const ONE: &str = "channel";
const MANY: &str = "channels";
/// The key of the subject that is about the stream.
const STREAM: &str = "advisories";

const TOKEN: &str = "\
**Token**: in `Authorization: Bearer <token>`, else in `Sec-WebSocket-Protocol: bearer, <token>`, else in `?token=`. \
Development mode also takes `X-User-Id: user:<id>` or `?user_id=`; who gives no name there reads public and microDAO \
channels. A socket ends when its token is accepted no more: 30 seconds after its `exp`, as over REST.";

const OWN: &str = "\
**The caller's own**: the frame `membership` tells of channels that the caller made, invitations, direct channels, joining, \
leaving, being removed and other roles, in every channel, without a subscription. What happened in the seconds before the \
socket was opened may come, too. Read the lists over REST after the socket is open, and again after each reconnect.";

const ORIGINS: &str = "\
**Pages**: where `CORS_ALLOW_ORIGINS` is set, pages of other origins are refused. In development mode only pages of the same \
machine and those of the list may connect.";

const REFUSED: &str = "\
**Refused**: the handshake is completed and the socket closed at once with a code, so that a browser learns why. Who asks for \
no WebSocket gets the problem document (RFC 9457) instead, and so does everybody while very many are refused at once.";

/// How a client comes back.
const AGAIN: &str = "\
**Connect again** with growing, random pauses. A close frame's reason may end in `{RETRY_AFTER}` and a number of \
seconds, as in `relay going away; retry_after=2.4`: then connect again after that wait, without a pause of your own. \
Every socket is given another wait, so that those that are closed together do not come back together.";

/// The two WebSockets.
pub fn sockets(messages: &Messages) -> Map<String, Value> {
    let limits = format!(
        "**Limits**: a client message has at most {} KiB; a client sends at most {CLIENT_MESSAGE_BURST} messages at \
         once and {CLIENT_MESSAGES_PER_SECOND} more each second; it names at most {CLIENT_WISH_BURST} channels at once, to \
         subscribe or to leave, and {CLIENT_WISHES_PER_SECOND} more each second; it sends at most {} KiB without a whole \
         message.",
        MAX_CLIENT_MESSAGE_BYTES / 1024,
        MAX_BYTES_BETWEEN_MESSAGES / 1024
    );
    let again = AGAIN.replace("{RETRY_AFTER}", RETRY_AFTER);
    let one = format!(
        "\
The events of one channel, in the order of their numbers. In a browser:

```js
const socket = new WebSocket(`wss://relay.example/ws/messaging/${{channelId}}?since_seq=41`, [\"bearer\", token]);
socket.onmessage = (message) => console.log(JSON.parse(message.data));
```

- {TOKEN}
- **Resume**: with `?since_seq=N` the notice `subscribed` comes first, then every event after N, then what happens \
next, without a gap or a duplicate. The notice `reload` says that events after N are not kept any more, or are more \
than {MAX_RESUMED_EVENTS}. Without `since_seq` the frames begin with what happens next.
- {again}
- {OWN}
- {ORIGINS}
- {limits}
- {REFUSED}

{}

{}",
        refusal_table(refusals(true)),
        close_table(close_codes(true))
    );
    let many = format!(
        "\
The events of as many channels as the client subscribes to, at most {MAX_CHANNELS} at a time. It begins with none. In \
a browser:

```js
const socket = new WebSocket(\"wss://relay.example/ws/messaging\", [\"bearer\", token]);
socket.onopen = () => socket.send(JSON.stringify({{subscribe: [{{channel_id: channelId, since_seq: 41}}]}}));
```

- {TOKEN}
- **Subscribe**: with a `command`. The notice `subscribed` says that a channel's frames begin, `error` that they do \
not. `error` repeats at most {MAX_ECHOED_ID} characters of an id that is not a UUID.
- **Resume**: each channel by its own `since_seq`, as on the socket for one channel.
- **Lost channels**: when the caller may not read a channel any more, the notice `error` says so, and the socket stays \
open for the others.
- {again}
- {OWN}
- {ORIGINS}
- {limits}
- {REFUSED}

{}

{}",
        refusal_table(refusals(false)),
        close_table(close_codes(false))
    );
    let since = json!({"since_seq": {
        "type": "integer", "minimum": 0,
        "description": "The number of the last event that the client has, 0 for none.",
    }});
    let mut channels = Map::new();
    let title = "WebSocket for one channel";
    let mut channel = socket(paths::WEBSOCKET, title, &one, since, messages, |message| message.on_one_channel);
    channel["parameters"] = json!({"channel_id": {"description": "The channel's id, a UUID."}});
    channel["x-close-codes"] = close_codes(true).map(close_code).collect();
    channel["x-refusal-codes"] = refusals(true).map(refusal).collect();
    channels.insert(ONE.to_owned(), channel);
    let title = "WebSocket for many channels";
    let mut channel = socket(paths::WEBSOCKETS, title, &many, json!({}), messages, |_| true);
    channel["x-close-codes"] = close_codes(false).map(close_code).collect();
    channel["x-refusal-codes"] = refusals(false).map(refusal).collect();
    channels.insert(MANY.to_owned(), channel);
    channels
}

fn socket(
    path: &str,
    title: &str,
    description: &str,
    query: Value,
    messages: &Messages,
    has: impl Fn(&Message) -> bool,
) -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let mut properties = json!({
        "token": text("A token; `Authorization` and `Sec-WebSocket-Protocol` come first."),
        "user_id": text("Only in development mode: who is calling, `user:<id>` or `agent:<id>`."),
    });
    properties.as_object_mut().unwrap().extend(query.as_object().unwrap().clone());
    let headers = json!({
        "Authorization": text("`Bearer <token>`"),
        "Sec-WebSocket-Protocol": text("`bearer, <token>`"),
        "X-User-Id": text("Only in development mode: who is calling, `user:<id>` or `agent:<id>`."),
    });
    json!({
        "address": template(path),
        "title": title,
        "description": description,
        "servers": [{"$ref": "#/servers/relay"}],
        "messages": references(messages.all.iter().filter(|message| message.event.is_none() && message.kind != Kind::Advisory && has(message))),
        "bindings": {"ws": {
            "method": "GET",
            "query": {"type": "object", "properties": properties},
            "headers": {"type": "object", "properties": headers},
            "bindingVersion": "0.1.0",
        }},
    })
}

/// Every subject.
pub fn subjects(messages: &Messages) -> Map<String, Value> {
    let subject = |message: &Message| {
        let mut channel = json!({
            "address": message.name,
            "title": message.described["title"],
            "servers": [{"$ref": "#/servers/nats"}],
            "messages": references([message]),
            // Version 0.1.0 of the NATS binding has nothing to say about a channel.
            "bindings": {"nats": {}},
        });
        if message.kind == Kind::Stream {
            channel["description"] =
                json!("In the JetStream stream `MESSAGING`: at least once, in the order of a channel's `seq`.");
            channel["x-jetstream-stream"] = json!("MESSAGING");
        } else {
            channel["description"] = json!("Core NATS, outside the stream.");
        }
        (message.name.clone(), channel)
    };
    let mut subjects: Map<_, _> = messages.all.iter().filter(|message| message.event.is_some()).map(subject).collect();
    let told = messages.all.iter().filter(|message| message.kind == Kind::Advisory);
    let advisories = json!({
        "address": ADVISORIES,
        "title": "About the stream",
        "description": "Core NATS, outside the stream: whoever does not listen at the moment misses it.",
        "servers": [{"$ref": "#/servers/nats"}],
        "messages": references(told),
        "bindings": {"nats": {}},
    });
    subjects.insert(STREAM.to_owned(), advisories);
    subjects
}

fn references<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Map<String, Value> {
    let reference = |message: &Message| json!({"$ref": format!("#/components/messages/{}", message.name)});
    messages.into_iter().map(|message| (message.name.clone(), reference(message))).collect()
}

/// What the service sends, and what it takes.
pub fn operations(messages: &Messages) -> Map<String, Value> {
    let named = |channel: &str, has: &dyn Fn(&Message) -> bool| -> Value {
        let reference = |message: &Message| json!({"$ref": format!("#/channels/{channel}/messages/{}", message.name)});
        messages.all.iter().filter(|message| has(message)).map(reference).collect()
    };
    let mut operations = Map::new();
    let mut add = |id: String, action: &str, channel: &str, title: &str, messages: Value, reply: Option<Value>| {
        let reference = json!({"$ref": format!("#/channels/{channel}")});
        let mut operation = json!({"action": action, "channel": reference, "title": title, "messages": messages});
        if let Some(messages) = reply {
            operation["reply"] = json!({"channel": reference, "messages": messages});
        }
        assert!(operations.insert(id, operation).is_none());
    };
    for (channel, suffix) in [(ONE, "OfChannel"), (MANY, "OfChannels")] {
        let of = |kind| named(channel, &|message| message.kind == kind && (channel == MANY || message.on_one_channel));
        let text = |text| named(channel, &|message| message.kind == Kind::Heartbeat && message.name == text);
        add(format!("sendEvents{suffix}"), "send", channel, "Events", of(Kind::Event), None);
        add(format!("sendNotices{suffix}"), "send", channel, "Notices", of(Kind::Notice), None);
        add(format!("sendPersonal{suffix}"), "send", channel, "The caller's own", of(Kind::Personal), None);
        add(format!("sendEphemeral{suffix}"), "send", channel, "Ephemeral frames", of(Kind::Ephemeral), None);
        add(format!("answerPing{suffix}"), "receive", channel, "Sign of life", text(PING), Some(text(PONG)));
        if channel == MANY {
            let reply = Some(of(Kind::Notice));
            add("takeCommands".to_owned(), "receive", channel, "Client commands", of(Kind::Command), reply);
        }
    }
    let about = named(STREAM, &|message| message.kind == Kind::Advisory);
    add("publishAdvisories".to_owned(), "send", STREAM, "About the stream", about, None);
    for message in &messages.all {
        if let Some(event) = message.event {
            let title = message.described["title"].as_str().unwrap();
            let itself = named(&message.name, &|other| other.name == message.name);
            add(format!("publish{event:?}"), "send", &message.name, title, itself, None);
        }
    }
    operations
}

/// The close codes of a socket. On one for many channels the loss of a channel is a notice.
fn close_codes(one_channel: bool) -> impl Iterator<Item = CloseCode> {
    let of_a_channel = |close: &CloseCode| matches!(close, CloseCode::AccessLost | CloseCode::ChannelGone);
    CloseCode::VARIANTS.iter().copied().filter(move |close| one_channel || !of_a_channel(close))
}

/// The codes of refused sockets. Only that for one channel has a channel that may be missing.
fn refusals(one_channel: bool) -> impl Iterator<Item = RefusalCode> {
    RefusalCode::VARIANTS.iter().copied().filter(move |refusal| one_channel || *refusal != RefusalCode::NotFound)
}

/// What happened, and what the client does next.
fn words(documentation: Option<&str>) -> (String, String) {
    let paragraphs: [String; 2] = paragraphs(documentation.unwrap()).try_into().unwrap();
    let [meaning, next] = paragraphs;
    (meaning, next)
}

fn close_code(close: CloseCode) -> Value {
    let (meaning, next) = words(close.get_documentation());
    json!({"code": close.code(), "reason": close.reason(), "meaning": meaning, "next": next})
}

fn refusal(refusal: RefusalCode) -> Value {
    let (meaning, next) = words(refusal.get_documentation());
    json!({"code": refusal.code(), "reason": refusal.reason(), "meaning": meaning, "next": next})
}

fn close_table(closes: impl Iterator<Item = CloseCode>) -> String {
    table("close code", closes.map(close_code))
}

fn refusal_table(refusals: impl Iterator<Item = RefusalCode>) -> String {
    table("refused with", refusals.map(refusal))
}

fn table(first: &str, rows: impl Iterator<Item = Value>) -> String {
    let row = |row: Value| {
        let [reason, meaning, next] = ["reason", "meaning", "next"].map(|field| row[field].as_str().unwrap());
        format!("\n| {} | {reason} | {meaning} | {next} |", row["code"])
    };
    format!("| {first} | reason | meaning | next step |\n|---|---|---|---|") + &rows.map(row).collect::<String>()
}

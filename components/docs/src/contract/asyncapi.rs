//! From the types of events and sockets to the document (AsyncAPI specification 3.0).

mod channels;
mod examples;
mod messages;
mod tests;

use super::schemas::Schemas;
use channels::{operations, sockets, subjects};
use messages::{Kind, messages};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

const DESCRIPTION: &str = "\
What happens in channels, as it happens: over the WebSockets of ws-relay for clients, over NATS for agents and \
services. The REST routes are in `/openapi.json`.

- **Numbers**: every event takes its channel's next `seq`: 1, 2, 3, … without a hole. Whoever finds a hole has missed \
something.
- **Encrypted channels**: their events carry no text.
- **Later versions** may add types and fields: ignore what you do not know. The schemas have what this version \
sends.";

const RELAY: &str = "\
The deployment's ws-relay; the address is that of a local one. Behind TLS the protocol is `wss`.";

const NATS: &str = "\
The deployment's NATS; the address is that of a local one.

The subjects under `messaging.` are in the JetStream stream `MESSAGING`: delivered at least once, in the order of a \
channel's numbers. A message that comes again has the same `Nats-Msg-Id`, and an event the same `event_id` in its payload. \
What the stream has lost is published again for the day that is kept, with the header `Daarion-Refill`: of each channel \
in order, from the first event that was lost on, so that an event takes the place of those from its number on. Drop \
what you have by `event_id`. A database that was restored from a copy gives a channel's last numbers again, to other events; \
`advisory.messaging` tells of both. An event that NATS refuses alone is left out, and its number is missing. An \
event larger than NATS takes comes without its largest members, named in the header `Daarion-Left-Out`. The subjects under \
`integration.` are core NATS, at most once: whoever does not listen at the moment misses them, and a restart of NATS \
or of the publishing relay may lose some.

No subject names a microDAO or a channel. Whoever may subscribe to `messaging.>` or `integration.>` reads the events of \
every channel, private ones too: give that right to services that may know all of it, and filter there.";

/// The document.
pub fn document() -> Value {
    // What AsyncAPI calls a schema is JSON Schema draft 07 and more.
    let schemas = Schemas::new(SchemaSettings::draft07());
    let messages = messages(schemas);
    let mut channels = sockets(&messages);
    channels.extend(subjects(&messages));
    let operations = operations(&messages);
    let described: Map<_, _> = messages.all.into_iter().map(|message| (message.name, message.described)).collect();
    let tags: Vec<_> =
        Kind::ALL.iter().map(|kind| json!({"$ref": format!("#/components/tags/{}", kind.key())})).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "DAARION Messaging: events and sockets",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
            "tags": tags,
        },
        "defaultContentType": "application/json",
        "servers": {
            "relay": {
                "host": "127.0.0.1:3001", "protocol": "ws", "title": "WebSocket", "description": RELAY,
                "security": SECURITY.map(|name| json!({"$ref": format!("#/components/securitySchemes/{name}")})),
            },
            "nats": {"host": "127.0.0.1:4222", "protocol": "nats", "title": "NATS", "description": NATS},
        },
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": described,
            "schemas": messages.schemas,
            "securitySchemes": security_schemes(),
            "tags": Kind::ALL.iter().map(|kind| (kind.key().to_owned(), kind.tag())).collect::<Map<_, _>>(),
        },
    })
}

/// In the order in which they are looked for.
const SECURITY: [&str; 5] =
    ["bearerHeader", "bearerSubprotocol", "tokenQuery", "developmentHeader", "developmentQuery"];

fn security_schemes() -> Value {
    let key = |place: &str, name: &str, description: &str| json!({"type": "httpApiKey", "in": place, "name": name, "description": description});
    let development =
        "Only in development mode, without a token: `user:<id>` or `agent:<id>`, member of every microDAO.";
    json!({
        "bearerHeader": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A signed token in `Authorization: Bearer <token>`, the same as over REST.",
        },
        "bearerSubprotocol": key("header", "Sec-WebSocket-Protocol", "For browsers: `bearer, <token>`. The relay accepts \
            the subprotocol `bearer`."),
        "tokenQuery": key("query", "token", "The token in the address, where nothing else can be set. Addresses are \
            often logged."),
        "developmentHeader": key("header", "X-User-Id", development),
        "developmentQuery": key("query", "user_id", development),
    })
}

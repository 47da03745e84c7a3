//! From the operations to the document (OpenAPI specification 3.1).

use super::parameters::parameters;
use super::schemas::Schemas;
use messaging_core::openapi::{Operation, Who};
use messaging_core::problem::{Problem, ProblemDocument};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const DESCRIPTION: &str = "\
Channels of people and AI agents. Every channel is a Matrix room: Matrix keeps the full content, this service an index.

- **Who you are**: `Authorization: Bearer <token>`; in development mode `X-User-Id: user:<id>` is enough.
- **Errors** are problem documents (RFC 9457) with a stable `code`. What you may not know of is a 404. A method that a \
path does not have is a 405 with `Allow`.
- **Retries**: send an `Idempotency-Key` with any write that takes one, and repeat it after any 5xx or lost response. \
Only `setTyping` takes none, of which nothing is kept.
- **Pages** are JSON arrays; `Link` headers (RFC 8288) lead to the next and the previous one. Only of a search a page is an object, \
whose `next` is the next one's `cursor` as well.
- **Every response** carries `X-Request-Id`, which may be sent along; the service's log names it.
- **In real time**: the same changes come as events on NATS and on the WebSockets of ws-relay.";

/// A path as OpenAPI writes it: `/a/:b` is `/a/{b}`.
pub fn template(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Every operation, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    [
        messaging_core::channel::operations(),
        messaging_core::message::operations(),
        messaging_core::reaction::operations(),
        messaging_core::receipt::operations(),
        messaging_core::file::operations(),
        messaging_core::thread::operations(),
        messaging_core::pin::operations(),
        messaging_core::preview::operations(),
        messaging_core::search::operations(),
        messaging_core::member::operations(),
        messaging_core::media::operations(),
        messaging_core::profile::operations(),
        messaging_core::typing::operations(),
        messaging_core::microdao::operations(),
        messaging_core::agent::operations(),
        messaging_core::health::operations(),
        messaging_core::matrix::operations(),
        messaging_core::set_aside::operations(),
        messaging_core::reconcile::operations(),
        messaging_core::reindex::operations(),
        messaging_core::life::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The document.
pub fn document() -> Value {
    let mut schemas = Schemas::new(SchemaSettings::draft2020_12());
    let parameters: Map<_, _> =
        parameters(&mut schemas.requests).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    schemas.responses.subschema_for::<ProblemDocument>();
    let mut paths = Map::new();
    let mut shared = Map::new();
    for operation in operations() {
        let described = describe(&operation, &parameters, &mut schemas, &mut shared);
        let path = paths.entry(template(operation.path)).or_insert_with(|| json!({}));
        assert!(path.get(operation.method).is_none(), "{} {} is there twice", operation.method, operation.path);
        path[operation.method] = described;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "DAARION Messaging",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This deployment"}],
        "tags": [
            {"name": "channels", "description": "Rooms to talk in"},
            {"name": "messages", "description": "What was said"},
            {"name": "reactions", "description": "Emoji under messages"},
            {"name": "receipts", "description": "Who has read how far, and what is unread"},
            {"name": "threads", "description": "What is said under a message"},
            {"name": "pins", "description": "Messages that are kept in view"},
            {"name": "search", "description": "Messages by what they say"},
            {"name": "files", "description": "What messages carry, and the pictures of people and channels"},
            {"name": "members", "description": "Who is in a channel, and what they may do there"},
            {"name": "profiles", "description": "What people and agents are called, and their pictures"},
            {"name": "agents", "description": "For the platform's own services, in the name of agents"},
            {"name": "life", "description": "How long data is kept"},
            {"name": "service", "description": "The service itself"},
            {"name": "homeserver", "description": "What comes from Matrix"},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "parameters": parameters,
            "headers": headers(),
            "responses": shared,
            "schemas": schemas.take(),
        },
    })
}

fn describe(
    operation: &Operation,
    parameters: &Map<String, Value>,
    schemas: &mut Schemas,
    shared: &mut Map<String, Value>,
) -> Value {
    let (who, security) = match operation.who {
        Who::Anyone => ("anybody", json!([])),
        Who::Caller(who) => (who, json!([{"bearerAuth": []}, {"developmentUser": []}])),
        Who::Reader(who) => (who, json!([{"bearerAuth": []}, {"developmentUser": []}, {"internalToken": []}])),
        Who::Internal(who) => (who, json!([{"internalToken": []}])),
        Who::Gateway => ("a gateway that holds the gateway's secret", json!([{"gatewayToken": []}])),
    };
    let mut described = json!({
        "tags": [operation.tag],
        "operationId": operation.id,
        "summary": operation.summary,
        "description": format!("{}\n\n**Who**: {who}.", operation.details).trim(),
        "security": security,
    });
    let in_path = operation.path.split('/').filter_map(|segment| segment.strip_prefix(':'));
    let names: Vec<_> = in_path.chain(operation.parameters.iter().copied()).collect();
    if !names.is_empty() {
        let known = |name: &&str| assert!(parameters.contains_key(*name), "there is no parameter {name}");
        let reference = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
        described["parameters"] = names.into_iter().inspect(known).map(reference).collect();
    }
    if let Some(body) = &operation.body {
        let content = json!({"schema": (body.schema)(&mut schemas.requests), "example": body.example});
        described["requestBody"] = json!({"required": true, "content": {"application/json": content}});
    }
    if !operation.media.is_empty() {
        let bytes = json!({"schema": {"type": "string", "format": "binary"}});
        let content: Map<_, _> = operation.media.iter().map(|media| ((*media).to_owned(), bytes.clone())).collect();
        // No bytes are bytes, too.
        described["requestBody"] = json!({"required": false, "content": content});
    }
    described["responses"] = Value::Object(responses(operation, schemas, shared));
    described
}

fn responses(operation: &Operation, schemas: &mut Schemas, shared: &mut Map<String, Value>) -> Map<String, Value> {
    let mut responses = Map::new();
    for success in &operation.successes {
        let mut response = json!({"description": success.description, "headers": request_id()});
        if !operation.links.is_empty() {
            response["headers"]["Link"] = json!({"$ref": "#/components/headers/Link"});
            let relations = operation.links.join("` and `");
            response["description"] = json!(format!("{} `Link` has `{relations}`.", success.description));
        }
        if operation.problems.iter().any(|problem| problem.code == "rate_limited") {
            for name in RATE_LIMIT_HEADERS {
                response["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
            }
        }
        if let Some((media, schema)) = success.content {
            response["content"] = json!({media: {"schema": schema(&mut schemas.responses)}});
        }
        responses.insert(success.status.to_string(), response);
    }
    let mut by_status = BTreeMap::<u16, Vec<&Problem>>::new();
    for problem in &operation.problems {
        by_status.entry(problem.status.as_u16()).or_default().push(problem);
    }
    for (status, problems) in by_status {
        let earlier =
            responses.insert(status.to_string(), share(refusals(status, &problems), status, &problems, shared));
        assert!(earlier.is_none(), "{}: {status} is a success and a problem", operation.id);
    }
    responses
}

/// Of every response to an act that was counted.
const RATE_LIMIT_HEADERS: [&str; 2] = ["RateLimit-Policy", "RateLimit"];

fn request_id() -> Value {
    json!({"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}})
}

/// Refers to the response if others are the same, word for word.
fn share(response: Value, status: u16, problems: &[&Problem], shared: &mut Map<String, Value>) -> Value {
    let mut codes = Vec::new();
    for problem in problems {
        if !codes.contains(&problem.code) {
            codes.push(problem.code);
        }
    }
    let name = format!("{status}.{}", codes.join("."));
    let known = shared.entry(&name).or_insert_with(|| response.clone());
    if *known == response { json!({"$ref": format!("#/components/responses/{name}")}) } else { response }
}

/// The problems of one status: which codes it may have, with what each means.
fn refusals(status: u16, problems: &[&Problem]) -> Value {
    let mut details = Map::<String, Value>::new();
    let mut examples = Map::new();
    for problem in problems {
        let told = details.entry(problem.code).or_insert_with(|| json!([]));
        let told = told.as_array_mut().unwrap();
        if !told.contains(&json!(problem.detail)) {
            told.push(json!(problem.detail));
        }
        let example: Value = serde_json::from_slice(&problem.to_json("0d0c6a2f-9b7e-4c55-8a0b-52b86f1d3c7e")).unwrap();
        examples.entry(problem.code).or_insert_with(|| json!({"value": example}));
    }
    let meaning = |(code, told): (&String, &Value)| {
        let told: Vec<_> = told.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        // Descriptions are Markdown, where <token> would be HTML.
        format!("- `{code}`: {}", told.join(" ").replace('<', "\\<"))
    };
    let codes: Vec<_> = details.keys().collect();
    let mut headers = request_id();
    if status == 401 {
        headers["WWW-Authenticate"] = json!({"$ref": "#/components/headers/WWW-Authenticate"});
    }
    if status == 429 {
        for name in RATE_LIMIT_HEADERS {
            headers[name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
    }
    if status == 429 || problems.iter().any(|problem| problem.retry_after.is_some()) {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/Retry-After"});
    }
    json!({
        "description": details.iter().map(meaning).collect::<Vec<_>>().join("\n"),
        "headers": headers,
        "content": {"application/problem+json": {
            "schema": {
                "$ref": "#/components/schemas/ProblemDocument",
                "properties": {"status": {"const": status}, "code": {"enum": codes}},
            },
            "examples": examples,
        }},
    })
}

fn headers() -> Value {
    let header = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "X-Request-Id": header("Names the request in the service's log."),
        "Link": header("Where the neighbouring pages are (RFC 8288); absent where there is none. A relation each."),
        "WWW-Authenticate": header("How to say who you are."),
        "Retry-After": header("Seconds after which to try again; absent where that would change nothing."),
        "RateLimit-Policy": header("The limit that is nearest: its name, how many acts (q) in how many seconds (w). Absent where nothing was counted."),
        "RateLimit": header("What is left of it (r), and after how many seconds there is one more (t). Absent where nothing was counted."),
    })
}

fn security_schemes() -> Value {
    let secret = |setting: &str| {
        let description = format!("For services of the platform: `{setting}`.");
        json!({"type": "apiKey", "in": "header", "name": "X-Internal-Service-Token", "description": description})
    };
    json!({
        "bearerAuth": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A signed token: `sub` is `user:<id>` or `agent:<id>`, `exp` its end, `microdaos` the list \
                            of the microDAOs (`microdao:<slug>`) that the caller belongs to.",
        },
        "developmentUser": {
            "type": "apiKey", "in": "header", "name": "X-User-Id",
            "description": "Only in development mode: `user:<id>` or `agent:<id>`, member of every microDAO.",
        },
        "internalToken": secret("INTERNAL_SECRET"),
        "gatewayToken": secret("MATRIX_GATEWAY_SECRET"),
    })
}

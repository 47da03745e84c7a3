//! What the OpenAPI document says of the operations.

use super::{Health, Readiness};
use crate::openapi::Who::Anyone;
use crate::openapi::{Operation, operation};
use crate::paths;
use schemars::SchemaGenerator;
use serde_json::{Map, Value};

const UNCHANGED: &str = "What `If-None-Match` names is still the newest.";

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("service", "get", paths::HEALTH, "getHealth")
            .does("Whether the service is alive", "")
            .who(Anyone)
            .responds::<Health>(200, "The service is alive."),
        operation("service", "get", paths::READY, "getReadiness")
            .does(
                "Whether the service can do its work",
                "Looks at PostgreSQL, the gateway and the homeserver; an answer may be a second old.",
            )
            .who(Anyone)
            .responds::<Readiness>(200, "Every part responds.")
            .responds::<Readiness>(503, "A part does not respond."),
        operation("service", "get", paths::OPENAPI, "getOpenapi")
            .does("This document", "")
            .who(Anyone)
            .responds::<Map<String, Value>>(200, "OpenAPI 3.1.")
            .responds_empty(304, UNCHANGED),
        operation("service", "get", paths::ASYNCAPI, "getAsyncapi")
            .does("The WebSocket and the events on NATS", "Frames, commands, close codes and subjects.")
            .who(Anyone)
            .responds::<Map<String, Value>>(200, "AsyncAPI 3.0.")
            .responds_empty(304, UNCHANGED),
        operation("service", "get", paths::DOCS, "getDocs")
            .does("This document, to read and to try", "")
            .who(Anyone)
            .responds_with(200, "A page.", "text/html", SchemaGenerator::subschema_for::<String>)
            .responds_empty(304, UNCHANGED),
    ]
}

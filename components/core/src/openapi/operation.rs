//! One method of one path, and the words in which it is described.

use super::problems;
use crate::problem::Problem;
use crate::refusal::Refusal;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// A type of the contract: what makes the reference to its schema.
pub type Type = fn(&mut SchemaGenerator) -> Schema;

/// Who may call an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Anyone,
    /// A user or an agent, with a token or, in development mode, by name. The text says which ones.
    Caller(&'static str),
    /// As `Caller`, or a service of the platform that holds `INTERNAL_SECRET` and names nobody.
    Reader(&'static str),
    /// A service of the platform that holds `INTERNAL_SECRET`.
    Internal(&'static str),
    /// A gateway that holds `MATRIX_GATEWAY_SECRET`.
    Gateway,
}

/// What a request brings.
pub struct Body {
    /// Its schema.
    pub schema: Type,
    /// One that works, filled in by the interactive page.
    pub example: Value,
}

/// A response that is no problem.
pub struct Success {
    /// The HTTP status.
    pub status: u16,
    /// What it means.
    pub description: &'static str,
    /// Its media type and schema, if it has a body.
    pub content: Option<(&'static str, Type)>,
}

/// A method of a path.
pub struct Operation {
    /// The method, lower case.
    pub method: &'static str,
    /// The path, as `spin.toml` writes it.
    pub path: &'static str,
    /// Names the operation.
    pub id: &'static str,
    /// The group that it is shown in.
    pub tag: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What it does, in detail.
    pub details: &'static str,
    /// Who may call it.
    pub who: Who,
    /// Names of query parameters and headers in `components/parameters`; those of the path follow from the path.
    pub parameters: Vec<&'static str>,
    /// What the request brings.
    pub body: Option<Body>,
    /// Media types of a body that is no JSON.
    pub media: &'static [&'static str],
    /// The responses that are no problems.
    pub successes: Vec<Success>,
    /// Relations of the `Link` headers.
    pub links: &'static [&'static str],
    /// The problems that it may have.
    pub problems: Vec<Problem>,
}

/// An operation under a tag; `path` is a constant of [`crate::paths`], `id` names the operation.
pub fn operation(tag: &'static str, method: &'static str, path: &'static str, id: &'static str) -> Operation {
    Operation {
        method,
        path,
        id,
        tag,
        summary: "",
        details: "",
        who: Who::Anyone,
        parameters: Vec::new(),
        body: None,
        media: &[],
        successes: Vec::new(),
        links: &[],
        problems: Vec::new(),
    }
}

impl Operation {
    /// What it does, in a line and in detail.
    pub fn does(self, summary: &'static str, details: &'static str) -> Self {
        Self { summary, details, ..self }
    }

    /// Who may call it. A caller who is identified reads or writes the index.
    pub fn who(mut self, who: Who) -> Self {
        self.who = who;
        match who {
            Who::Anyone => return self,
            Who::Caller(_) | Who::Reader(_) => {
                self.problems.push(problems::unauthenticated("Authorization: Bearer <token>"))
            }
            Who::Internal(_) => {
                self.problems.push(problems::unauthenticated("X-Internal-Service-Token: <INTERNAL_SECRET>"));
            }
            Who::Gateway => {
                self.problems.push(problems::unauthenticated("X-Internal-Service-Token: <MATRIX_GATEWAY_SECRET>"));
            }
        }
        self.problems.extend(problems::index());
        self
    }

    /// Parameters of the query.
    pub fn asks(mut self, parameters: &[&'static str]) -> Self {
        self.parameters.extend(parameters);
        self.problems.extend([problems::invalid_query(), Problem::too_many_parameters()]);
        self
    }

    /// A JSON body.
    pub fn reads<T: JsonSchema>(mut self, example: Value) -> Self {
        let schema = SchemaGenerator::subschema_for::<T>;
        self.body = Some(Body { schema, example });
        self.problems.extend(problems::body());
        self
    }

    /// A body that is no JSON, of one of these media types or ranges.
    pub fn reads_bytes(mut self, media: &'static [&'static str]) -> Self {
        self.media = media;
        self
    }

    /// An `Idempotency-Key` may be sent.
    pub fn takes_key(mut self) -> Self {
        self.parameters.push("idempotency_key");
        self.fails([Problem::invalid_key()])
    }

    /// The same key gives the same result, and only for the same request. What may be repeated may come too often, too.
    pub fn retry_safe(self) -> Self {
        self.takes_key().refuses(&[Refusal::IdempotencyKeyReused, Refusal::RateLimited])
    }

    /// The same, of a change that is carried out once and whose response is kept.
    pub fn runs_once(self) -> Self {
        self.retry_safe().refuses(&[Refusal::RequestRunning])
    }

    /// A JSON response.
    pub fn responds<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        self.responds_with(status, description, "application/json", SchemaGenerator::subschema_for::<T>)
    }

    /// A response of any media type.
    pub fn responds_with(mut self, status: u16, description: &'static str, media: &'static str, schema: Type) -> Self {
        self.successes.push(Success { status, description, content: Some((media, schema)) });
        self
    }

    /// A response without a body.
    pub fn responds_empty(mut self, status: u16, description: &'static str) -> Self {
        self.successes.push(Success { status, description, content: None });
        self
    }

    /// `Link` headers of the response.
    pub fn links(self, links: &'static [&'static str]) -> Self {
        Self { links, ..self }
    }

    /// What the index refuses with.
    pub fn refuses(mut self, refusals: &[Refusal]) -> Self {
        self.problems.extend(refusals.iter().copied().map(Problem::from));
        self
    }

    /// What else it refuses with.
    pub fn fails(mut self, problems: impl IntoIterator<Item = Problem>) -> Self {
        self.problems.extend(problems);
        self
    }

    /// It asks the homeserver.
    pub fn asks_matrix(self) -> Self {
        self.fails(problems::homeserver())
    }

    /// It asks the homeserver through a call that a gateway may be without.
    pub fn asks_optional_call(self) -> Self {
        self.asks_matrix().fails([Problem::gateway_lacks("")])
    }
}

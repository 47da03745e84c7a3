//! One row of the table of routes, and the words that it is written in.

use super::problems::{self, refusal};
use messaging_core::problem::Problem;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// A type of the contract: what makes the reference to its schema.
pub type Type = fn(&mut SchemaGenerator) -> Schema;

/// Who may call a route.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Anyone,
    /// A user or an agent, with a token or, in development mode, by name. The text says which ones.
    Caller(&'static str),
    /// A service of the platform that holds `INTERNAL_SECRET`.
    Internal(&'static str),
    /// A gateway that holds `MATRIX_GATEWAY_SECRET`.
    Gateway,
}

/// What a request brings.
pub struct Body {
    pub schema: Type,
    /// One that works, filled in by the interactive page.
    pub example: Value,
}

/// A good answer.
pub struct Answer {
    pub status: u16,
    pub description: &'static str,
    pub content: Option<(&'static str, Type)>,
}

/// A method of a path.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub details: &'static str,
    pub who: Who,
    /// Names of query parameters and headers in [`super::parameters`]; those of the path follow from the path.
    pub parameters: Vec<&'static str>,
    pub body: Option<Body>,
    pub answers: Vec<Answer>,
    /// Relations of the `Link` headers.
    pub links: &'static [&'static str],
    pub problems: Vec<Problem>,
}

/// A route under a tag; `id` names the operation.
pub fn route(tag: &'static str, method: &'static str, path: &'static str, id: &'static str) -> Route {
    Route {
        method,
        path,
        id,
        tag,
        summary: "",
        details: "",
        who: Who::Anyone,
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        links: &[],
        problems: Vec::new(),
    }
}

impl Route {
    /// What it does, in a line and in detail.
    pub fn does(self, summary: &'static str, details: &'static str) -> Self {
        Self { summary, details, ..self }
    }

    /// Who may call it. Whoever is identified reads or writes the index.
    pub fn who(mut self, who: Who) -> Self {
        self.who = who;
        match who {
            Who::Anyone => return self,
            Who::Caller(_) => self.problems.push(problems::unauthenticated("Authorization: Bearer <token>")),
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
        self.problems.push(problems::invalid_query());
        self
    }

    /// A JSON body.
    pub fn reads<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Body { schema: SchemaGenerator::subschema_for::<T>, example });
        self.problems.extend(problems::body());
        self
    }

    /// An `Idempotency-Key` may be sent.
    pub fn takes_key(mut self) -> Self {
        self.parameters.push("idempotency_key");
        self.fails([problems::invalid_key()])
    }

    /// The same key gives the same result, and only for the same request.
    pub fn retry_safe(self) -> Self {
        self.takes_key().fails([Problem::idempotency_key_reused()])
    }

    /// A JSON answer.
    pub fn answers<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        self.answers_with(status, description, "application/json", SchemaGenerator::subschema_for::<T>)
    }

    /// An answer of any media type.
    pub fn answers_with(mut self, status: u16, description: &'static str, media: &'static str, schema: Type) -> Self {
        self.answers.push(Answer { status, description, content: Some((media, schema)) });
        self
    }

    /// An answer without a body.
    pub fn answers_nothing(mut self, status: u16, description: &'static str) -> Self {
        self.answers.push(Answer { status, description, content: None });
        self
    }

    /// `Link` headers of the answer.
    pub fn links(self, links: &'static [&'static str]) -> Self {
        Self { links, ..self }
    }

    /// What the index refuses with, by the codes of the migrations.
    pub fn refuses(mut self, codes: &[&str]) -> Self {
        self.problems.extend(codes.iter().map(|code| refusal(code)));
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
}

//! One call of a function of the schema `messaging`: one statement of one request.

use super::value::Value;
use super::{Page, kept};
use crate::deadline::within;
use crate::{Problem, current, note, settings};
use http::StatusCode;
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::fault::Fault;
use messaging_core::rate_limit::{Class, Limits, NearestLimit};
use messaging_core::refusal::Refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::pg::{Error as PgError, ParameterValue, PgError as Failure, QueryError};
use std::time::Duration;

/// How long a statement, with the wait for a connection, may take: whoever asks has an answer within 10 seconds.
const DEADLINE: Duration = Duration::from_secs(8);

/// The argument that says how much may be done, and what tells of it behind the function's call.
const LIMITS: &str = "p_limits";
const NEAREST_LIMIT: &str = ", current_setting('messaging.nearest_limit', true) AS nearest_limit";

/// Why a function gave no document.
#[derive(Debug)]
pub enum Error {
    /// The index refused: nothing was changed.
    Refused(Refusal),
    /// The database failed, or was not reached. The text is for the log.
    Database(Fault, String),
    /// Something else failed: a part that the act asks besides the index, a setting, a document.
    Failed(Problem),
}

impl Error {
    /// Whose fault it is; `None` when it is a decision, of the index or of the room, and no failure.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Refused(_) => None,
            Self::Database(fault, _) => Some(*fault),
            Self::Failed(problem) if problem.is_outage_of_matrix() => Some(Fault::Gateway),
            // The same again gets the same answer: the event must not hold up the others.
            Self::Failed(problem) if problem.is_answer_of_matrix() => Some(Fault::Statement),
            Self::Failed(problem) => match problem.status {
                StatusCode::SERVICE_UNAVAILABLE => Some(Fault::Database),
                // What the gateway does not offer, or a document that could not be read.
                status => status.is_server_error().then_some(Fault::Statement),
            },
        }
    }
}

/// For what an act checks or does besides its calls of the index.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Database(fault, reason) if fault.may_pass() => Self::unavailable(reason),
            Error::Database(_, reason) => Self::internal(reason),
            Error::Failed(problem) => problem,
        }
    }
}

/// A document as PostgreSQL wrote it: JSON text that nobody has read yet.
#[derive(Debug)]
pub struct Document(String);

impl Document {
    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }

    /// One with this text.
    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Reads a part of it.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.0).map_err(|e| Error::Failed(Problem::internal(e)))
    }
}

/// A function and its arguments, by the names that they have in SQL.
pub(super) struct Call {
    function: &'static str,
    names: Vec<&'static str>,
    values: Vec<ParameterValue>,
    /// An argument could not be written.
    invalid: Option<Problem>,
}

impl Call {
    /// A call of `messaging.<function>`.
    pub fn of(function: &'static str) -> Self {
        Self { function, names: Vec::new(), values: Vec::new(), invalid: None }
    }

    /// An argument.
    pub fn arg(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.names.push(name);
        self.values.push(value.into().0);
        self
    }

    /// An argument of type `jsonb`.
    pub fn jsonb(mut self, name: &'static str, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => {
                self.names.push(name);
                self.values.push(ParameterValue::Jsonb(json));
            }
            Err(e) => self.invalid = Some(Problem::internal(format!("{}: {name}: {e}", self.function))),
        }
        self
    }

    /// An argument of type `jsonb` that may be left out.
    pub fn jsonb_if_any(self, name: &'static str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.jsonb(name, value),
            None => self,
        }
    }

    /// Who asks, as the two arguments that every function has which decides: the caller and their microDAOs (NULL for
    /// every one).
    pub fn caller(self, caller: &Caller) -> Self {
        let microdaos = match caller.microdaos() {
            MicroDaos::Every => Value(ParameterValue::DbNull),
            MicroDaos::Only(list) => {
                Value(ParameterValue::ArrayStr(list.iter().map(|id| Some(id.as_str().to_owned())).collect()))
            }
        };
        self.arg("p_caller", caller.id()).arg("p_microdaos", microdaos)
    }

    /// An act of which this caller, and everybody in the channel, may do only so much: the statement that decides on it
    /// counts it as well.
    pub async fn limited(mut self, class: Class, caller: &Caller) -> Self {
        let limits: Result<Option<Limits>, Problem> = settings::limits(class, caller).await;
        match limits {
            Ok(Some(limits)) => self.jsonb(LIMITS, &limits),
            Ok(None) => self,
            Err(problem) => {
                self.invalid = Some(problem);
                self
            }
        }
    }

    /// The document as it is.
    pub async fn document(self) -> Result<Document, Error> {
        let function = self.function;
        let document = self.run().await?;
        document.map(Document).ok_or_else(|| Error::Failed(Problem::internal(format!("{function} gave no document"))))
    }

    /// The document, as a page.
    pub async fn page(self) -> Result<Page, Error> {
        Page::of(self.document().await?)
    }

    /// The document, read.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let function = self.function;
        let document = self.document().await?;
        serde_json::from_str(&document.0).map_err(|e| Error::Failed(Problem::internal(format!("{function}: {e}"))))
    }

    /// The document, read, if there is one.
    pub async fn json_if_any<T: DeserializeOwned>(self) -> Result<Option<T>, Error> {
        self.run().await?.map(|document| Document(document).read()).transpose()
    }

    /// Nothing but that it was done.
    pub async fn done(self) -> Result<(), Error> {
        self.run().await.map(|_| ())
    }

    async fn run(self) -> Result<Option<String>, Error> {
        let Self { function, names, mut values, invalid } = self;
        if let Some(problem) = invalid {
            return Err(Error::Failed(problem));
        }
        let arguments: Vec<_> = names.iter().zip(1..).map(|(name, n)| format!("{name} => ${n}")).collect();
        let nearest_limit = if names.contains(&LIMITS) { NEAREST_LIMIT } else { "" };
        // Names come from this crate, never from a request.
        let call = format!("messaging.{function}({})", arguments.join(", "));
        let request_id = current(|current| current.request_id.clone()).filter(|_| may_publish(function));
        let source = match request_id {
            Some(request_id) => {
                values.push(ParameterValue::Str(request_id));
                named(&call, values.len())
            }
            None => call,
        };
        let statement = format!("SELECT refusal::text, document::text{nearest_limit} FROM {source}");
        let address = settings::required("database_url").await.map_err(Error::Failed)?;
        let (refusal, document, limit) = ask(function, address, statement, values).await?;
        // Empty where this connection was asked before, and nothing was counted now.
        if let Some(limit) = limit.filter(|limit| !limit.is_empty()) {
            note(Document(limit).read()?);
        }
        match refusal {
            None => Ok(document),
            Some(code) => Err(match (Refusal::from_code(&code), document) {
                // Only a limit says more than its code.
                (Some(refusal), Some(details)) => {
                    let limit: NearestLimit = Document(details).read()?;
                    Error::Failed(Problem::from(refusal).with_limit(limit))
                }
                (Some(refusal), None) => Error::Refused(refusal),
                (None, _) => {
                    Error::Failed(Problem::internal(format!("{function} refused with an unknown code: {code}")))
                }
            }),
        }
    }
}

/// Functions that write no event, on the ways that are used most.
const QUIET: [&str; 8] = ["list_", "get_", "find_", "is_", "read_", "search_", "suggest_", "prepare_send"];

fn may_publish(function: &str) -> bool {
    !QUIET.iter().any(|quiet| function.starts_with(quiet))
}

/// A call within a statement that says which request it belongs to, in its last parameter: what `messaging.publish` writes
/// names it, and nothing of it is left on the connection. The inner query reads what the first one gives, so it comes after it.
fn named(call: &str, parameter: usize) -> String {
    format!(
        "set_config('messaging.request_id', ${parameter}, true) AS told, LATERAL \
         (SELECT f.refusal, f.document FROM {call} AS f WHERE told.told IS NOT NULL OFFSET 0) AS r"
    )
}

/// Whether the database responds.
pub async fn ping() -> Result<(), Problem> {
    let address = settings::required("database_url").await?;
    let statement = "SELECT NULL::text AS refusal, NULL::text AS document".to_owned();
    ask("ping", address, statement, Vec::new()).await.map(|_| ()).map_err(Problem::from)
}

/// Refusal, document and nearest limit.
type Row = (Option<String>, Option<String>, Option<String>);

async fn ask(function: &str, address: String, statement: String, values: Vec<ParameterValue>) -> Result<Row, Error> {
    match within(DEADLINE, query(address, statement, values)).await {
        Some(row) => row.map_err(|e| {
            let (fault, reason) = failure(&e);
            Error::Database(fault, format!("{function}: {reason}"))
        }),
        None => Err(Error::Database(Fault::Statement, format!("{function}: the database did not respond in time"))),
    }
}

async fn query(address: String, statement: String, values: Vec<ParameterValue>) -> Result<Row, PgError> {
    let held = kept::take(address).await?;
    let rows = held.connection.query(statement, values).await?.collect().await?;
    kept::keep(held);
    let row = rows.first().ok_or_else(|| PgError::Decode("the statement gave no row".to_owned()))?;
    Ok((row.get::<String>("refusal"), row.get::<String>("document"), row.get::<String>("nearest_limit")))
}

/// Whose fault it is, and what the log is told. The host's own text of an error holds a backtrace.
fn failure(error: &PgError) -> (Fault, String) {
    match error {
        PgError::PgError(Failure::QueryFailed(QueryError::DbError(e))) => {
            (Fault::of_sqlstate(&e.code), format!("{} {}: {}", e.severity, e.code, e.message))
        }
        // No structured error: there is no connection, too many clients among the reasons, or it broke off.
        PgError::PgError(Failure::ConnectionFailed(text) | Failure::QueryFailed(QueryError::Text(text))) => {
            (Fault::Database, text.clone())
        }
        // A value that the host could not take or give.
        other => (Fault::Unknown, format!("{other:?}")),
    }
}

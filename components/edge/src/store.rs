//! The index. One statement per request: every one is a call of a function of the schema `messaging`,
//! which decides, reads or writes, and answers one JSON document.

use crate::deadline::within;
use crate::{refusal, settings};
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::ids::{EntityId, MessageId};
use messaging_core::page::{MessagePage, Position};
use messaging_core::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use spin_sdk::pg::{Connection, Error, ParameterValue, PgError};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a statement, with the wait for a connection, may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// A parameter that may be NULL.
pub fn nullable(value: Option<impl Into<String>>) -> ParameterValue {
    value.map_or(ParameterValue::DbNull, |value| ParameterValue::Str(value.into()))
}

/// A UUID parameter.
pub fn uuid(id: impl std::fmt::Display) -> ParameterValue {
    ParameterValue::Uuid(id.to_string())
}

/// A `jsonb` parameter.
pub fn jsonb(value: &impl serde::Serialize) -> Result<ParameterValue, Problem> {
    serde_json::to_vec(value).map(ParameterValue::Jsonb).map_err(Problem::internal)
}

/// The caller as the two first parameters of every function: who, and their microDAOs (NULL: every one).
pub fn caller(caller: &Caller) -> [ParameterValue; 2] {
    let microdaos = match caller.microdaos() {
        MicroDaos::Every => ParameterValue::DbNull,
        MicroDaos::Only(list) => ParameterValue::ArrayStr(list.iter().map(|id| Some(id.as_str().to_owned())).collect()),
    };
    [ParameterValue::Str(caller.id().as_str().to_owned()), microdaos]
}

/// Calls a function of the schema `messaging` and reads its answer. A refusal becomes its problem.
pub async fn call<T: DeserializeOwned>(function: &str, parameters: Vec<ParameterValue>) -> Result<T, Problem> {
    let text = call_raw(function, parameters).await?;
    serde_json::from_str(&text).map_err(|e| Problem::internal(format!("{function} answered {e}")))
}

/// As [`call`], with the JSON text as it is.
pub async fn call_raw(function: &str, parameters: Vec<ParameterValue>) -> Result<String, Problem> {
    let placeholders: Vec<_> = (1..=parameters.len()).map(|n| format!("${n}")).collect();
    // The name comes from our code, never from a request.
    let statement = format!("SELECT messaging.{function}({})::text AS document", placeholders.join(", "));
    let address = settings::required("database_url").await?;
    let answer = within(DEADLINE, query_text(address, statement, parameters))
        .await
        .ok_or_else(|| Problem::unavailable(format!("{function}: the database did not answer in time")))?
        .map_err(|e| database_problem(function, &e))?;
    match refusal::of(&answer) {
        Some(problem) => Err(problem),
        None => Ok(answer),
    }
}

/// Whether the database answers.
pub async fn ping() -> Result<(), Problem> {
    let address = settings::required("database_url").await?;
    within(DEADLINE, query_text(address, "SELECT 'ok'::text AS document".to_owned(), Vec::new()))
        .await
        .ok_or_else(|| Problem::unavailable("the database did not answer in time"))?
        .map(|_| ())
        .map_err(|e| database_problem("ping", &e))
}

async fn query_text(address: String, statement: String, parameters: Vec<ParameterValue>) -> Result<String, Error> {
    let connection = Connection::open(address).await?;
    let rows = connection.query(statement, parameters).await?.collect().await?;
    let document = rows.first().and_then(|row| row.get::<String>("document"));
    document.ok_or_else(|| Error::Decode("the statement answered no document".to_owned()))
}

fn database_problem(function: &str, error: &Error) -> Problem {
    match error {
        Error::PgError(PgError::ConnectionFailed(reason)) => Problem::unavailable(format!("{function}: {reason}")),
        // Class 57: the server is shutting down or starting; class 53: it has no connections or memory left;
        // class 40: a deadlock or serialisation failure, gone on the next try.
        Error::PgError(PgError::QueryFailed(spin_sdk::pg::QueryError::DbError(e)))
            if ["57", "53", "40", "08"].iter().any(|class| e.code.starts_with(class)) =>
        {
            Problem::unavailable(format!("{function}: {}", e.as_text))
        }
        // No structured error: the connection broke off.
        Error::PgError(PgError::QueryFailed(spin_sdk::pg::QueryError::Text(text))) => {
            Problem::unavailable(format!("{function}: {text}"))
        }
        other => Problem::internal(format!("{function}: {other:?}")),
    }
}

/// One page of rows, its items untouched on their way from PostgreSQL to the caller.
#[derive(Debug, serde::Deserialize)]
pub struct Page {
    /// A JSON array.
    pub items: Box<RawValue>,
    /// Where the neighbouring pages are, by link relation (`next`, `prev`), as the query of their address.
    #[serde(default)]
    pub links: BTreeMap<String, Option<String>>,
}

impl Page {
    /// The answer: the array, and a `Link` header per neighbour (RFC 8288).
    ///
    /// `keep` is the part of the request's query that the neighbours share.
    pub fn into_reply(self, path: &str, keep: &str) -> crate::Reply {
        let mut reply = crate::Reply::raw_json(http::StatusCode::OK, self.items.get().to_owned());
        for (relation, query) in self.links {
            if let Some(query) = query {
                let join = if keep.is_empty() { "" } else { "&" };
                let link = format!("<{path}?{keep}{join}{query}>; rel=\"{relation}\"");
                reply = reply.header(http::header::LINK, &link);
            }
        }
        reply
    }
}

/// Answers the page of messages that the request's query asks for; with `thread`, of the answers to that message.
pub async fn page_messages(
    request: &crate::Request,
    who: &Caller,
    thread: Option<MessageId>,
) -> Result<crate::Reply, Problem> {
    let wanted = MessagePage::parse(|name| request.query(name))?;
    let place = |position: &Option<Position>| match position {
        Some(position) => jsonb(position),
        None => Ok(ParameterValue::DbNull),
    };
    let [who, microdaos] = caller(who);
    let page: Page = call(
        "page_messages",
        vec![
            who,
            microdaos,
            uuid(request.channel_id()?),
            ParameterValue::Int32(wanted.limit),
            place(&wanted.before)?,
            place(&wanted.after)?,
            thread.map_or(ParameterValue::DbNull, uuid),
        ],
    )
    .await?;
    let agent = request.query("agent_id").filter(|id| EntityId::parse_own(id).is_ok());
    let keep = agent.map_or_else(String::new, |id| format!("agent_id={id}&"));
    Ok(page.into_reply(request.path(), &format!("{keep}limit={}", wanted.limit)))
}

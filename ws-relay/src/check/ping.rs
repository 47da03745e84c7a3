//! The ping: the homeserver calls the app with its hs_token, and says what came of it.

use super::QUESTION;
use super::exchange::{Answer, Credential, Part};
use super::report::Lines;
use http::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

const CHECK: &str = "homeserver.ping";
/// Longer than other questions: another one is part of it.
const DEADLINE: Duration = QUESTION.saturating_mul(2);

/// Has it made.
pub async fn look(lines: &mut Lines, part: &Part, credential: &Credential, as_id: &str) {
    let path = format!("/_matrix/client/v1/appservice/{as_id}/ping");
    match part.ask_within(DEADLINE, Method::POST, &path, credential).await {
        Ok(answer) => tell(lines, &answer, as_id),
        Err(e) => {
            let advice = "The homeserver waits for the app: does the app run at the registration's url, and answer?";
            lines.fault(CHECK, format!("{e:#}"), advice);
        }
    }
}

fn tell(lines: &mut Lines, answer: &Answer, as_id: &str) {
    if answer.status.is_success() {
        return lines.ok(CHECK, "the homeserver reaches the app, and both have the same hs_token");
    }
    let status = answer.json.get("status").and_then(Value::as_u64);
    let (text, advice) = match (answer.text("errcode"), status) {
        ("M_BAD_STATUS", Some(401 | 403)) => (
            "the app refuses the homeserver's hs_token".to_owned(),
            "Make the app's MATRIX_HS_TOKEN the hs_token of the registration; until then nothing that happens in Matrix \
             arrives.",
        ),
        ("M_BAD_STATUS", Some(404)) => (
            "what is at the registration's url is not the app: 404".to_owned(),
            "Make url the app's address, without a path; a proxy must let /_matrix/app through to it.",
        ),
        ("M_BAD_STATUS", Some(status)) => (format!("the app answered {status}"), "Look at the app's log."),
        ("M_CONNECTION_FAILED", _) => (
            format!("the homeserver does not reach the app: {}", answer.text("error")),
            "Does the app run, and is the registration's url its address as the homeserver sees it?",
        ),
        ("M_CONNECTION_TIMEOUT", _) => (
            "the app does not answer the homeserver in time".to_owned(),
            "Look at the app's log, and at proxies between the two.",
        ),
        ("M_URL_NOT_SET", _) => (
            "the registration has no url".to_owned(),
            "Set url in it to the app's address, and restart the homeserver.",
        ),
        ("M_UNRECOGNIZED", _) => {
            return lines.warning(CHECK, "the homeserver knows no ping", "Update it: Synapse has it since 1.84.");
        }
        _ if answer.status == StatusCode::FORBIDDEN => {
            (format!("the registration's id is not {as_id}"), "Set MATRIX_AS_ID to the id of the registration.")
        }
        _ => (answer.said(), "Look at the homeserver's log."),
    };
    lines.fault(CHECK, text, advice);
}

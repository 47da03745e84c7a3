//! Whether the database has this version's tables and functions.

use super::QUESTION;
use super::report::Lines;
use crate::migrate::{Fit, State};
use tokio::time::timeout;
use tokio_postgres::Client;

const CHECK: &str = "database.schema";

/// Says it. Whether the functions are this version's, so that it can be said who may call them.
pub async fn look(lines: &mut Lines, client: &Client) -> bool {
    let state = match timeout(QUESTION, State::read(client)).await {
        Ok(Ok(state)) => state,
        Ok(Err(e)) => {
            lines.fault(CHECK, format!("{e:#}"), "Look at what it says.");
            return false;
        }
        Err(_) => {
            lines.fault(CHECK, "the database does not answer", "Look at its log, and at what runs in it.");
            return false;
        }
    };
    match state.fit().and_then(|fit| Ok((fit, state.advice(fit)?))) {
        Ok((fit @ (Fit::Same | Fit::Served), advice)) => {
            lines.ok(CHECK, format!("{}: {advice}", state.found()));
            fit == Fit::Same
        }
        Ok((_, advice)) => {
            let advice = format!("{advice}; with RELAY_ROLE where this role is not called messaging_relay");
            lines.fault(CHECK, state.found(), advice);
            false
        }
        Err(e) => {
            lines.fault(CHECK, format!("{}: {e:#}", state.found()), "Look at what it says.");
            false
        }
    }
}

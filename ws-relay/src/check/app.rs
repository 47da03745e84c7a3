//! The app on its Spin host.

use super::exchange::{Answer, Credential, Part};
use super::report::Lines;
use super::{Setting, clock};
use http::{Method, StatusCode};
use messaging_core::health::{AuthMode, Health, PartState, Readiness};
use messaging_core::paths;
use semver::Version;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Looks at it.
pub async fn look(lines: &mut Lines, setting: Setting<'_>) {
    let Some(url) = setting("MESSAGING_URL") else {
        return lines.warning(
            "app",
            "MESSAGING_URL is not set, so it was not looked at",
            "Set it for the relay: else nobody looks for what the homeserver never pushed, and Matrix is told nothing of \
             receipts and typing.",
        );
    };
    let part = match Part::at(&url) {
        Ok(part) => part,
        Err(e) => return lines.fault("app", format!("{e:#}"), "Mend MESSAGING_URL."),
    };
    let answer = match part.ask(Method::GET, paths::HEALTH, &Credential::None).await {
        Ok(answer) => answer,
        Err(e) => {
            let advice = "Does the Spin host run? Is MESSAGING_URL its address?";
            return lines.fault("app", format!("{e:#}"), advice);
        }
    };
    if let Some((date, asked)) = answer.date {
        clock::compare(lines, "clocks.app", "the app", asked, date, Duration::from_secs(1));
    }
    let Some(health) = document::<Health>(&answer).filter(|health| health.service == "daarion-messaging") else {
        let text = format!("what answers there is not the app: {}", answer.said());
        return lines.fault("app", text, "Make MESSAGING_URL the app's address, without a path.");
    };
    version(lines, &health.version);
    ready(lines, &part, setting).await;
    secret(lines, &part, setting).await;
}

fn document<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
    serde_json::from_value(answer.json.clone()).ok()
}

fn version(lines: &mut Lines, app: &str) {
    let own = env!("CARGO_PKG_VERSION");
    match (Version::parse(app), Version::parse(own)) {
        (Ok(theirs), Ok(ours)) if theirs == ours => lines.ok("app.version", format!("{app}, as the relay")),
        (Ok(theirs), Ok(ours)) => {
            let which = if theirs < ours { "the app" } else { "the relay" };
            let advice = format!("Fine while versions change; then bring {which} up to date.");
            lines.warning("app.version", format!("the app is {app}, the relay {own}"), advice);
        }
        _ => lines.fault("app.version", format!("{app:?} is no version"), "Is that the app?"),
    }
}

async fn ready(lines: &mut Lines, part: &Part, setting: Setting<'_>) {
    // It has its answer within 5 seconds itself, whatever hangs.
    let answer = part.ask_within(Duration::from_secs(8), Method::GET, paths::READY, &Credential::None).await;
    let readiness = match answer.map(|answer| (document::<Readiness>(&answer), answer)) {
        Ok((Some(readiness), _)) => readiness,
        Ok((None, answer)) => return lines.fault("app", format!("it answers {}", answer.said()), "Look at its log."),
        Err(e) => return lines.fault("app", format!("{e:#}"), "Look at its log."),
    };
    let parts = readiness.parts;
    let parts =
        [("PostgreSQL", parts.postgresql), ("the gateway", parts.matrix_gateway), ("the homeserver", parts.homeserver)];
    let failed: Vec<_> = parts.iter().filter(|(_, state)| *state == PartState::Failed).map(|(name, _)| *name).collect();
    match failed.is_empty() {
        true => lines.ok("app", "is ready"),
        false => {
            let advice = "The app's log says why. Its settings are its own: SPIN_VARIABLE_DATABASE_URL and so on.";
            lines.fault("app", format!("it does not reach {}", failed.join(" and ")), advice);
        }
    }
    let own = match setting("AUTH_MODE").as_deref() {
        Some("development") => AuthMode::Development,
        _ => AuthMode::Token,
    };
    if readiness.auth_mode != own {
        let who = if readiness.auth_mode == AuthMode::Development { "app" } else { "relay" };
        let text = format!("the {who} is in development mode, and the other is not");
        lines.fault("app.auth_mode", text, "Set AUTH_MODE alike, to token where others reach the service.");
    }
}

/// Whether the relay's secret opens the app's internal routes.
async fn secret(lines: &mut Lines, part: &Part, setting: Setting<'_>) {
    const CHECK: &str = "app.secret";
    let secret =
        setting("INTERNAL_SECRET").and_then(|secret| secret.split_ascii_whitespace().next().map(str::to_owned));
    let Some(secret) = secret else {
        let advice = "Set it as for the app: else channels are not compared with their rooms.";
        return lines.warning(CHECK, "INTERNAL_SECRET is not set", advice);
    };
    match part.ask(Method::GET, paths::SET_ASIDE_EVENTS, &Credential::Internal(secret)).await {
        Ok(answer) if answer.status == StatusCode::OK => lines.ok(CHECK, "INTERNAL_SECRET opens the internal routes"),
        Ok(answer) if [401, 403].contains(&answer.status.as_u16()) => lines.fault(
            CHECK,
            "the app refuses INTERNAL_SECRET",
            "Make it the same for app and relay; of two, the new one stands first.",
        ),
        Ok(answer) => {
            let advice = "Is /internal let through between relay and app? Else the app's log says why.";
            lines.fault(CHECK, format!("an internal route answers {}", answer.said()), advice);
        }
        Err(e) => lines.fault(CHECK, format!("{e:#}"), "Look at the app's log."),
    }
}

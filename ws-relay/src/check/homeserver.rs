//! The homeserver, and the application service in its eyes.

use super::exchange::{Answer, Credential, Part};
use super::report::Lines;
use super::{Setting, clock, ping};
use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// The version of the specification that has the ping of application services.
const PING: u32 = 7;
const REGISTRATION: &str = "homeserver.registration";

/// Looks at it.
pub async fn look(lines: &mut Lines, setting: Setting<'_>) {
    let (Some(url), Some(token)) = (setting("MATRIX_HOMESERVER_URL"), setting("MATRIX_AS_TOKEN")) else {
        return lines.warning(
            "homeserver",
            "MATRIX_HOMESERVER_URL or MATRIX_AS_TOKEN is not set, so it was not looked at, and the relay does not ping it",
            "Set both for the relay: else, after an outage, the homeserver may push nothing for up to 512 s.",
        );
    };
    let part = match Part::at(&url) {
        Ok(part) => part,
        Err(e) => return lines.fault("homeserver", format!("{e:#}"), "Mend MATRIX_HOMESERVER_URL."),
    };
    let versions = part.ask(Method::GET, "/_matrix/client/versions", &Credential::None).await;
    let versions = match versions {
        Ok(answer) => answer,
        Err(e) => {
            let advice = "Does it run? Is MATRIX_HOMESERVER_URL right, and does a firewall let this machine?";
            return lines.fault("homeserver", format!("{e:#}"), advice);
        }
    };
    if !is_there(lines, &part, &versions).await {
        return;
    }
    if let Some((date, asked)) = versions.date {
        clock::compare(lines, "clocks.homeserver", "the homeserver", asked, date, Duration::from_secs(1));
    }
    let credential = Credential::Bearer(token);
    let Some(server) = identity(lines, &part, &credential, setting).await else { return };
    namespaces(lines, &part, &credential, &server).await;
    let as_id = setting("MATRIX_AS_ID").unwrap_or_else(|| "daarion-messaging".to_owned());
    ping::look(lines, &part, &credential, &as_id).await;
}

async fn is_there(lines: &mut Lines, part: &Part, answer: &Answer) -> bool {
    let versions = answer.json.get("versions").and_then(Value::as_array);
    let Some(versions) = versions.filter(|_| answer.status == StatusCode::OK) else {
        let text = format!("what answers there is no Matrix homeserver: {}", answer.said());
        lines.fault("homeserver", text, "Lead MATRIX_HOMESERVER_URL to the homeserver's client API.");
        return false;
    };
    // Only where its other API is at the same address, and nobody depends on it.
    let named = part.ask(Method::GET, "/_matrix/federation/v1/version", &Credential::None).await.ok();
    let of = |answer: &Answer, name: &str| -> Option<String> {
        Some(answer.json.get("server")?.get(name)?.as_str()?.chars().take(40).collect())
    };
    let name = named.and_then(|answer| Some(format!("{} {}", of(&answer, "name")?, of(&answer, "version")?)));
    let name = name.unwrap_or_else(|| "a homeserver".to_owned());
    let newest = versions.iter().filter_map(|version| version.as_str()?.strip_prefix("v1.")?.parse::<u32>().ok()).max();
    match newest {
        Some(newest) if newest >= PING => lines.ok("homeserver", format!("{name}, Matrix up to v1.{newest}")),
        _ => lines.warning(
            "homeserver",
            format!("{name} does not have Matrix v1.{PING}"),
            "Update it: without the ping of application services it may push nothing for 512 s after an outage.",
        ),
    }
    true
}

/// Who the token is for; returns the server's name.
async fn identity(lines: &mut Lines, part: &Part, credential: &Credential, setting: Setting<'_>) -> Option<String> {
    const CHECK: &str = "homeserver.token";
    let answer = match part.ask(Method::GET, "/_matrix/client/v3/account/whoami", credential).await {
        Ok(answer) => answer,
        Err(e) => {
            lines.fault(CHECK, format!("{e:#}"), "Look at the homeserver's log.");
            return None;
        }
    };
    let Some((local, server)) = answer.text("user_id").strip_prefix('@').and_then(|id| id.split_once(':')) else {
        let text = format!("the homeserver refuses MATRIX_AS_TOKEN: {}", answer.said());
        let advice = "Make it the as_token of the registration, and restart the homeserver after a change of that.";
        lines.fault(CHECK, text, advice);
        return None;
    };
    let differs = |name: &str, found: &str| setting(name).filter(|wanted| wanted != found);
    if let Some(wanted) = differs("MATRIX_SERVER_NAME", server) {
        let advice = "Make MATRIX_SERVER_NAME the homeserver's server_name, for the app too.";
        lines.fault(CHECK, format!("the homeserver is {server}, and MATRIX_SERVER_NAME is {wanted}"), advice);
    } else if setting("MATRIX_BOT_LOCALPART").as_deref().unwrap_or("daarion") != local {
        let text = format!("the registration's sender_localpart is {local}");
        lines.fault(
            CHECK,
            text,
            format!("Set MATRIX_BOT_LOCALPART={local}, for the app too, or mend the registration."),
        );
    } else {
        lines.ok(CHECK, format!("accepted; acts as @{local}:{server}"));
    }
    Some(server.to_owned())
}

/// Whether the application service may act for the ids and aliases that channels have. Asked with names that nobody has:
/// as a person who is not registered, and by the removal of an alias that is not there.
async fn namespaces(lines: &mut Lines, part: &Part, credential: &Credential, server: &str) {
    let word = Uuid::new_v4().simple().to_string();
    let encoded = |text: String| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
    let mut missing = Vec::new();
    for kind in ["user", "agent"] {
        let id = encoded(format!("@{kind}-check.{word}:{server}"));
        let path = format!("/_matrix/client/v3/account/whoami?user_id={id}");
        match part.ask(Method::GET, &path, credential).await {
            Ok(answer) if is_outside(&answer) => missing.push(format!("users @{kind}-.*:{server}")),
            Ok(_) => {}
            Err(e) => return lines.fault(REGISTRATION, format!("{e:#}"), "Look at the homeserver's log."),
        }
    }
    let path = format!("/_matrix/client/v3/directory/room/{}", encoded(format!("#check-{word}:{server}")));
    match part.ask(Method::DELETE, &path, credential).await {
        Ok(answer) if answer.text("errcode") == "M_EXCLUSIVE" || answer.status == StatusCode::FORBIDDEN => {
            missing.push(format!("aliases #.*-.*:{server}"));
        }
        Ok(_) => {}
        Err(e) => return lines.fault(REGISTRATION, format!("{e:#}"), "Look at the homeserver's log."),
    }
    match missing.is_empty() {
        true => lines.ok(REGISTRATION, "its namespaces have people, agents and the channels' aliases"),
        false => lines.fault(
            REGISTRATION,
            format!("its namespaces lack {}", missing.join(", ")),
            "Add them to the registration, exclusive, and restart the homeserver (README.md, Deployment).",
        ),
    }
}

/// Synapse says the same code for who is outside of the namespaces and for who is not registered yet.
fn is_outside(answer: &Answer) -> bool {
    answer.text("errcode") == "M_EXCLUSIVE" || answer.text("error").contains("masquerade")
}

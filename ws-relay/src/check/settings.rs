//! The settings by themselves, before anybody is asked.

use super::report::Lines;
use super::{Setting, names, secrets};
use crate::drain::Drain;
use crate::settings::Settings;
use messaging_core::auth::Verifier;
use std::net::{IpAddr, SocketAddr};

const HELP: &str = "ws-relay --help and README.md explain each setting.";

/// Looks at all of them; `variables` are the names of all environment variables.
pub fn look(lines: &mut Lines, setting: Setting, variables: &[String]) {
    let unknown = names::unknown(variables);
    if unknown.is_empty() {
        lines.ok("settings.names", "no variable looks like a misspelt setting");
    }
    for names::Unknown { name, meant } in unknown {
        let advice = match meant {
            Some(meant) => format!("Did you mean {meant}? {HELP}"),
            None => format!("Nothing reads it. {HELP}"),
        };
        lines.warning("settings.names", format!("{name} is no setting"), advice);
    }
    match Drain::read(setting).and_then(|_| Settings::read(setting)) {
        Ok(settings) => {
            lines.ok("settings.values", "the relay can read them");
            listening(lines, setting, &settings);
            certificate(lines, &settings);
        }
        Err(e) => lines.fault("settings.values", format!("{e:#}"), format!("The relay would not start. {HELP}")),
    }
    tokens(lines, setting);
    secrets::look(lines, setting);
}

fn tokens(lines: &mut Lines, setting: Setting) {
    let verifier = match Verifier::from_settings(setting) {
        Ok(verifier) => verifier,
        Err(e) => return lines.fault("settings.tokens", e, format!("The relay would not start. {HELP}")),
    };
    let has_keys = ["JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL"].iter().any(|name| setting(name).is_some());
    if !has_keys && !verifier.development() {
        let advice = "Set one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL, for the app and for the relay.";
        lines.fault("settings.tokens", "there is no key to check tokens with, so nobody gets in", advice);
    }
    for warning in verifier.warnings() {
        let advice = match warning.starts_with("AUTH_MODE") {
            true => "Right on a developer's machine; elsewhere set AUTH_MODE=token.",
            false => "Set it, for the app and for the relay, as the issuer of the tokens has it.",
        };
        lines.warning("settings.tokens", *warning, advice);
    }
    if verifier.warnings().is_empty() && has_keys {
        lines.ok("settings.tokens", "signed tokens only, with issuer and audience");
    }
}

fn listening(lines: &mut Lines, setting: Setting, settings: &Settings) {
    let is_local = is_local(&settings.listen);
    if setting("AUTH_MODE").as_deref() == Some("development") && !is_local {
        let text = format!("AUTH_MODE=development, and WS_LISTEN={} is open to other machines", settings.listen);
        lines.fault("settings.listen", text, "Set AUTH_MODE=token, or WS_LISTEN to an address of 127.0.0.1.");
    } else if !is_local && settings.metrics_listen.is_none() {
        let text = format!("/metrics is open to everybody who reaches WS_LISTEN={}", settings.listen);
        lines.warning("settings.listen", text, "Set METRICS_LISTEN to an address that only your monitoring reaches.");
    } else {
        lines.ok("settings.listen", format!("WebSockets at {}", settings.listen));
    }
}

fn is_local(address: &str) -> bool {
    match address.parse::<SocketAddr>() {
        Ok(address) => match address.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        },
        Err(_) => address.starts_with("localhost:"),
    }
}

fn certificate(lines: &mut Lines, settings: &Settings) {
    let Some(files) = &settings.certificate else { return };
    match files.read() {
        Ok(_) => lines.ok("settings.certificate", "WS_TLS_CERTIFICATE and WS_TLS_KEY fit together"),
        Err(e) => lines.fault("settings.certificate", format!("{e:#}"), "The relay would not start: mend the files."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Level;

    const BASE: (&str, &str) = ("DATABASE_URL", "postgres://localhost/x");
    const KEY: (&str, &str) = ("JWT_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f0");

    fn level(check: &str, settings: &[(&str, &str)]) -> Option<Level> {
        let mut lines = Lines::default();
        let find = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        look(&mut lines, &find, &[]);
        lines.level(check)
    }

    #[test]
    fn what_the_relay_would_not_start_with_is_a_fault() {
        assert_eq!(level("settings.values", &[BASE]), Some(Level::Ok));
        assert_eq!(level("settings.values", &[]), Some(Level::Fault));
        assert_eq!(level("settings.values", &[BASE, ("WS_QUEUE", "many")]), Some(Level::Fault));
        assert_eq!(level("settings.values", &[BASE, ("DRAIN_LIMIT_SECONDS", "1")]), Some(Level::Fault));
        assert_eq!(level("settings.tokens", &[BASE, ("JWT_SECRET", "short")]), Some(Level::Fault));
        let files = [BASE, ("WS_TLS_CERTIFICATE", "/nowhere"), ("WS_TLS_KEY", "/nowhere")];
        assert_eq!(level("settings.certificate", &files), Some(Level::Fault));
    }

    #[test]
    fn a_relay_that_lets_nobody_or_everybody_in_is_told() {
        assert_eq!(level("settings.tokens", &[BASE]), Some(Level::Fault));
        assert_eq!(level("settings.tokens", &[BASE, KEY]), Some(Level::Warning));
        let all = [BASE, KEY, ("JWT_ISSUER", "i"), ("JWT_AUDIENCE", "a")];
        assert_eq!(level("settings.tokens", &all), Some(Level::Ok));
        assert_eq!(level("settings.tokens", &[BASE, ("AUTH_MODE", "development")]), Some(Level::Warning));
        let open = ("WS_LISTEN", "0.0.0.0:3001");
        assert_eq!(level("settings.listen", &[BASE, open, ("AUTH_MODE", "development")]), Some(Level::Fault));
        assert_eq!(level("settings.listen", &[BASE, KEY, open]), Some(Level::Warning));
        assert_eq!(level("settings.listen", &[BASE, KEY, open, ("METRICS_LISTEN", "[::1]:9")]), Some(Level::Ok));
        assert_eq!(level("settings.listen", &[BASE, ("AUTH_MODE", "development")]), Some(Level::Ok));
    }
}

//! Secrets that somebody could guess.

use super::Setting;
use super::report::Lines;
use std::collections::BTreeSet;

/// What is to be long and random. Each of the first two may be two, while it is changed.
const NAMES: [&str; 4] = ["INTERNAL_SECRET", "JWT_SECRET", "MATRIX_AS_TOKEN", "MATRIX_GATEWAY_SECRET"];
/// Bytes that a secret should have.
const LENGTH: usize = 24;
/// Different ones among them.
const DIFFERENT: usize = 8;
/// What stands in examples.
const EXAMPLES: [&str; 10] = [
    "change-me",
    "change_me",
    "changeme",
    "default",
    "dev-secret",
    "example",
    "password",
    "placeholder",
    "secret-key",
    "your-secret",
];
const CHECK: &str = "settings.secrets";
const ADVICE: &str = "Replace it by something random: openssl rand -hex 32. SECURITY.md says how it is changed.";

/// Looks at each. In development mode a weak one is a warning.
pub fn look(lines: &mut Lines, setting: Setting) {
    let is_development = setting("AUTH_MODE").as_deref() == Some("development");
    let mut seen: Vec<(&str, String)> = Vec::new();
    let mut is_well = true;
    for name in NAMES {
        for secret in setting(name).iter().flat_map(|value| value.split_ascii_whitespace()) {
            if let Some(weak) = weakness(secret) {
                is_well = false;
                let text = format!("{name} {weak}");
                match is_development {
                    true => lines.warning(CHECK, text, ADVICE),
                    false => lines.fault(CHECK, text, ADVICE),
                }
            }
            if let Some((other, _)) = seen.iter().find(|(other, value)| *other != name && value == secret) {
                is_well = false;
                lines.warning(CHECK, format!("{name} and {other} are the same"), ADVICE);
            }
            seen.push((name, secret.to_owned()));
        }
    }
    if is_well && !seen.is_empty() {
        lines.ok(CHECK, "none that is set is short, an example, or used twice");
    }
}

fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    let different: BTreeSet<u8> = secret.bytes().collect();
    if EXAMPLES.iter().any(|example| lower.contains(example)) {
        Some("is what stands in an example")
    } else if secret.len() < LENGTH {
        Some("is short, so it can be guessed")
    } else if different.len() < DIFFERENT {
        Some("repeats a few characters, so it can be guessed")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Level;

    const GOOD: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

    fn level(settings: &[(&str, &str)]) -> Option<Level> {
        let mut lines = Lines::default();
        let find = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        look(&mut lines, &find);
        lines.level(CHECK)
    }

    #[test]
    fn what_can_be_guessed_is_a_fault_where_it_protects_something() {
        assert_eq!(level(&[("INTERNAL_SECRET", GOOD)]), Some(Level::Ok));
        assert_eq!(level(&[("INTERNAL_SECRET", "short")]), Some(Level::Fault));
        assert_eq!(level(&[("INTERNAL_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]), Some(Level::Fault));
        assert_eq!(level(&[("MATRIX_AS_TOKEN", "please-change-me-in-production-1")]), Some(Level::Fault));
        assert_eq!(level(&[("INTERNAL_SECRET", "short"), ("AUTH_MODE", "development")]), Some(Level::Warning));
        assert_eq!(level(&[("INTERNAL_SECRET", &format!("{GOOD} old"))]), Some(Level::Fault));
        assert_eq!(level(&[]), None);
    }

    #[test]
    fn one_secret_opens_one_door() {
        let same = [("INTERNAL_SECRET", GOOD), ("MATRIX_GATEWAY_SECRET", GOOD)];
        assert_eq!(level(&same), Some(Level::Warning));
    }
}

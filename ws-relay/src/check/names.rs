//! Environment variables that look like settings and are none: a misspelt setting is silently the default.

use super::manifest;
use crate::environment::SECRETS;
use crate::settings::HELP;
use std::collections::BTreeSet;

/// How settings begin that are hardly anybody else's.
const PREFIXES: [&str; 14] = [
    "CORS_",
    "DATABASE_",
    "DRAIN_",
    "INTERNAL_",
    "JWT_",
    "LINK_PREVIEW",
    "MATRIX_",
    "METRICS_",
    "MIGRATION_",
    "NATS_",
    "PREVIEW_",
    "RATE_LIMIT_",
    "RECONCILE_",
    "WS_",
];
/// So many letters may be wrong.
const LETTERS: usize = 2;
const SPIN: &str = "SPIN_VARIABLE_";

/// A variable that nobody reads, and the setting that is probably meant.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown<'a> {
    /// Its name.
    pub name: &'a str,
    /// The nearest setting.
    pub meant: Option<String>,
}

/// Those among `names`.
pub fn unknown(names: &[String]) -> Vec<Unknown<'_>> {
    let known = known();
    let mut found: Vec<_> = names.iter().filter_map(|name| judge(name, &known)).collect();
    found.sort_by(|a, b| a.name.cmp(b.name));
    found
}

/// The relay's settings, as its help has them, and the app's.
fn known() -> BTreeSet<String> {
    let words = HELP.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    let own = words.filter(|word| word.contains('_') && word.starts_with(|c: char| c.is_ascii_uppercase()));
    let files = SECRETS.iter().map(|name| format!("{name}_FILE"));
    let app = manifest::SETTINGS.iter().copied();
    own.chain(app).map(str::to_owned).chain(files).collect()
}

fn judge<'a>(name: &'a str, known: &BTreeSet<String>) -> Option<Unknown<'a>> {
    if let Some(variable) = name.strip_prefix(SPIN) {
        let is_known = manifest::SETTINGS.contains(&variable);
        let meant = || nearest(variable, manifest::SETTINGS.iter().copied()).map(|name| format!("{SPIN}{name}"));
        return (!is_known).then(|| Unknown { name, meant: meant() });
    }
    if known.contains(name) || is_of_kubernetes(name) {
        return None;
    }
    let meant = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    let is_ours = PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || meant.is_some();
    is_ours.then_some(Unknown { name, meant })
}

/// What Kubernetes sets for a Service, for example one called `nats` or `ws-relay`.
fn is_of_kubernetes(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.contains("_PORT_")
}

fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // Of short names every other one is near.
    let far = if name.len() < 8 { 1 } else { LETTERS };
    known.map(|known| (distance(name, known), known)).filter(|(letters, _)| *letters <= far).min().map(|(_, name)| name)
}

/// How many letters have to be changed, added or left out (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > LETTERS {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.bytes().zip(row.windows(2)) {
            let [diagonal, up] = above else { continue };
            left = (left + 1).min(up + 1).min(diagonal + usize::from(x != y));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(name: &str) -> Option<Option<String>> {
        let names = [name.to_owned()];
        unknown(&names).pop().map(|unknown| unknown.meant)
    }

    #[test]
    fn a_misspelt_setting_is_found_and_the_right_one_named() {
        assert_eq!(meant("WS_LISTNE"), Some(Some("WS_LISTEN".to_owned())));
        assert_eq!(meant("DATABSE_URL"), Some(Some("DATABASE_URL".to_owned())));
        assert_eq!(meant("MATRIX_HOME_SERVER_URL"), Some(Some("MATRIX_HOMESERVER_URL".to_owned())));
        assert_eq!(meant("JWT_SECRET_FILES"), Some(Some("JWT_SECRET_FILE".to_owned())));
        assert_eq!(meant("WS_MAX_CONNECTIONS"), Some(None));
        assert_eq!(meant("SPIN_VARIABLE_MATRIX_AS_TOKN"), Some(Some("SPIN_VARIABLE_MATRIX_AS_TOKEN".to_owned())));
    }

    #[test]
    fn what_is_a_setting_or_nothing_of_ours_is_left_alone() {
        for name in ["WS_LISTEN", "JWT_SECRET_FILE", "RATE_LIMIT_SEND", "MATRIX_HS_TOKEN", "RUST_LOG", "PATH", "HOME"] {
            assert_eq!(meant(name), None, "{name}");
        }
        for name in ["NATS_PORT_4222_TCP_ADDR", "WS_RELAY_SERVICE_HOST", "NATS_SERVICE_PORT", "NATS_PORT", "LANG"] {
            assert_eq!(meant(name), None, "{name}");
        }
        assert_eq!(meant("SPIN_VARIABLE_JWT_ISSUER"), None);
    }

    #[test]
    fn letters_are_counted() {
        assert_eq!((distance("ABC", "ABC"), distance("ABC", "ACBC"), distance("ABC", "AC")), (0, 1, 1));
        assert_eq!(distance("ABCD", "ABDC"), 2);
    }
}

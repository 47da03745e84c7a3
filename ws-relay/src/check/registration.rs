//! The registration as the homeserver has it: what it says that nobody can ask the homeserver for.

use super::Setting;
use super::report::Lines;
use std::path::Path;
use yaml_rust2::{Yaml, YamlLoader};

const CHECK: &str = "registration";

/// Reads it and compares it with the settings.
pub fn look(lines: &mut Lines, path: &Path, setting: Setting) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) => {
            let advice =
                "Name the file that app_service_config_files of homeserver.yaml names, readable for this user.";
            return lines.fault(CHECK, format!("{}: {e}", path.display()), advice);
        }
    };
    match YamlLoader::load_from_str(&text).ok().and_then(|mut documents| documents.pop()) {
        Some(yaml) if yaml.as_hash().is_some() => tell(lines, &yaml, setting),
        // What the reader says could show a token.
        _ => {
            lines.fault(CHECK, format!("{} is no registration", path.display()), "It has to be YAML, with id and url.")
        }
    }
}

fn tell(lines: &mut Lines, yaml: &Yaml, setting: Setting) {
    let text = |name: &str| yaml[name].as_str().unwrap_or_default();
    let mut wrong = Vec::new();
    for (key, name, default) in [
        ("as_token", "MATRIX_AS_TOKEN", None),
        ("hs_token", "MATRIX_HS_TOKEN", None),
        ("id", "MATRIX_AS_ID", Some("daarion-messaging")),
        ("sender_localpart", "MATRIX_BOT_LOCALPART", Some("daarion")),
    ] {
        // What the relay does not know is the app's.
        let wanted = setting(name).or_else(|| default.map(str::to_owned));
        if wanted.is_some_and(|wanted| wanted != text(key)) {
            wrong.push(format!("{key} is not {name}"));
        }
    }
    if text("url").is_empty() {
        wrong.push("url is missing, so nothing is pushed".to_owned());
    }
    if yaml["rate_limited"].as_bool() != Some(false) {
        wrong.push("rate_limited is not false, so the homeserver slows the app down".to_owned());
    }
    if ["receive_ephemeral", "de.sorunome.msc2409.push_ephemeral"]
        .iter()
        .all(|name| yaml[*name].as_bool() != Some(true))
    {
        wrong.push("receive_ephemeral is not true, so nobody sees who types and reads in Matrix".to_owned());
    }
    for (kind, beginnings) in [("users", &["@user-", "@agent-"][..]), ("aliases", &["#"])] {
        let entries = yaml["namespaces"][kind].as_vec().map(Vec::as_slice).unwrap_or_default();
        for beginning in beginnings {
            let mut of_ours =
                entries.iter().filter(|entry| entry["regex"].as_str().is_some_and(|r| r.starts_with(beginning)));
            if !of_ours.any(|entry| entry["exclusive"].as_bool() == Some(true)) {
                wrong.push(format!(
                    "namespaces.{kind} has no exclusive entry for {beginning}…, so others may take such names"
                ));
            }
        }
    }
    if wrong.is_empty() {
        return lines.ok(CHECK, "tokens, namespaces and receive_ephemeral are as they should be");
    }
    for text in wrong {
        lines.fault(CHECK, text, "Mend the registration (README.md, Deployment) and restart the homeserver.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Level;

    const GOOD: &str = r##"
id: daarion-messaging
url: http://app:3000
as_token: a
hs_token: h
sender_localpart: daarion
rate_limited: false
receive_ephemeral: true
namespaces:
  users:
    - { exclusive: true, regex: "@user-.*:example\\.org" }
    - { exclusive: true, regex: "@agent-.*:example\\.org" }
  aliases:
    - { exclusive: true, regex: "#.*-.*:example\\.org" }
  rooms: []
"##;

    fn level(text: &str) -> Option<Level> {
        let path = std::env::temp_dir().join(format!("registration-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, text).unwrap();
        let mut lines = Lines::default();
        look(&mut lines, &path, &|name| (name == "MATRIX_AS_TOKEN").then(|| "a".to_owned()));
        std::fs::remove_file(&path).unwrap();
        lines.level(CHECK)
    }

    #[test]
    fn each_line_that_matters_is_missed() {
        assert_eq!(level(GOOD), Some(Level::Ok));
        for (old, new) in [
            ("as_token: a", "as_token: b"),
            ("id: daarion-messaging", "id: other"),
            ("url: http://app:3000", "url: null"),
            ("sender_localpart: daarion", "sender_localpart: bot"),
            ("rate_limited: false", "rate_limited: true"),
            ("receive_ephemeral: true", "receive_ephemeral: false"),
            ("{ exclusive: true, regex: \"@agent", "{ exclusive: false, regex: \"@agent"),
            ("{ exclusive: true, regex: \"#", "{ regex: \"#"),
            ("@user-", "@person-"),
        ] {
            assert!(GOOD.contains(old), "{old}");
            assert_eq!(level(&GOOD.replace(old, new)), Some(Level::Fault), "{new}");
        }
        for nothing in ["", "[]", "a: [", "\"text\""] {
            assert_eq!(level(nothing), Some(Level::Fault), "{nothing}");
        }
    }
}

//! The environment, and the files that it names instead of secrets: an environment is easily shown by mistake.

use anyhow::Context;
use std::collections::HashMap;

/// The settings that hold secrets. Each may be in a file that `<NAME>_FILE` names.
pub const SECRETS: [&str; 8] = [
    "DATABASE_URL",
    "NATS_URL",
    "MATRIX_AS_TOKEN",
    "MATRIX_GATEWAY_SECRET",
    "INTERNAL_SECRET",
    "JWT_SECRET",
    "JWT_PUBLIC_KEY",
    "MIGRATION_DATABASE_URL",
];

/// Reads settings by name. The error is a file that cannot be read.
pub fn read(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<impl Fn(&str) -> Option<String>> {
    let mut files = HashMap::new();
    for name in SECRETS {
        let file = variable(&format!("{name}_FILE")).filter(|path| !path.is_empty());
        if let Some(path) = file.filter(|_| variable(name).is_none_or(|value| value.is_empty())) {
            let text = std::fs::read_to_string(&path).with_context(|| format!("{name}_FILE: {path}"))?;
            files.insert(name, text.trim_end_matches(['\r', '\n']).to_owned());
        }
    }
    Ok(move |name: &str| files.get(name).cloned().or_else(|| variable(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_be_in_a_file_and_what_the_environment_says_itself_counts_more() {
        let path = std::env::temp_dir().join(format!("ws-relay-secret-{}", std::process::id()));
        std::fs::write(&path, "from the file\n").unwrap();
        let file = path.display().to_string();
        let set = |name: &str| match name {
            "JWT_SECRET_FILE" | "INTERNAL_SECRET_FILE" | "RUST_LOG_FILE" => Some(file.clone()),
            "JWT_SECRET" => Some(String::new()),
            "INTERNAL_SECRET" => Some("itself".to_owned()),
            _ => None,
        };
        let setting = read(set).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(setting("JWT_SECRET").as_deref(), Some("from the file"));
        assert_eq!(setting("INTERNAL_SECRET").as_deref(), Some("itself"));
        assert_eq!(setting("RUST_LOG"), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_and_no_missing_setting() {
        let set = |name: &str| (name == "JWT_SECRET_FILE").then(|| "/nowhere/secret".to_owned());
        assert!(read(set).err().unwrap().to_string().contains("JWT_SECRET_FILE"));
    }
}

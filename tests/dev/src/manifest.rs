//! What the stack needs to know of spin.toml: the variables and which `.wasm` files to build.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// The part of spin.toml that is read here.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    #[serde(default)]
    variables: toml::Table,
    #[serde(default)]
    component: toml::Table,
}

impl Manifest {
    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is no Spin manifest", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// Whether a variable is declared.
    pub fn declares(&self, variable: &str) -> bool {
        self.variables.contains_key(variable)
    }

    /// The names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// Names of the `.wasm` files without folder and suffix; files from elsewhere (a URL) are not ours to build.
    pub fn wasm_names(&self) -> BTreeSet<String> {
        let sources = self.component.values().filter_map(|component| component.get("source")?.as_str());
        sources.filter_map(|source| Some(PathBuf::from(source).file_stem()?.to_str()?.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_sources_are_found() {
        let manifest = Manifest::parse(
            r#"
            spin_manifest_version = 2
            [variables]
            database_url = { required = true, secret = true }
            [component.channels]
            source = "target/wasm32-wasip2/release/channels.wasm"
            [component.gateway]
            source = "target/wasm32-wasip2/release/matrix_gateway.wasm"
            [component.elsewhere]
            source = { url = "https://example.org/x.wasm", digest = "sha256:0" }
            "#,
        )
        .unwrap();
        assert!(manifest.declares("database_url") && !manifest.declares("jwt_secret"));
        assert_eq!(manifest.wasm_names().into_iter().collect::<Vec<_>>(), ["channels", "matrix_gateway"]);
    }

    /// What a component with the first variable needs besides: Spin has no way to share a block of variables, so each
    /// component repeats it.
    const BLOCKS: [(&str, &[&str]); 2] = [
        (
            "jwt_secret",
            &[
                "auth_mode",
                "jwt_public_key",
                "jwt_jwks_url",
                "jwt_algorithm",
                "jwt_issuer",
                "jwt_audience",
                "jwt_microdaos_claim",
                "cors_allow_origins",
            ],
        ),
        ("matrix_gateway_url", &["matrix_gateway_secret", "matrix_server_name"]),
    ];

    #[test]
    fn components_agree_about_the_variables_that_they_share() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let manifest = Manifest::load(&folder.join("spin.toml")).unwrap();
        for (name, component) in &manifest.component {
            let none = toml::Table::new();
            let variables = component.get("variables").map_or(&none, |variables| variables.as_table().unwrap());
            for (variable, value) in variables {
                assert!(manifest.declares(variable), "{name}: {variable} is not declared");
                assert_eq!(value.as_str(), Some(&*format!("{{{{ {variable} }}}}")), "{name}: {variable}");
            }
            for (first, rest) in BLOCKS.iter().filter(|(first, _)| variables.contains_key(*first)) {
                let missing: Vec<_> = rest.iter().filter(|variable| !variables.contains_key(**variable)).collect();
                assert!(missing.is_empty(), "{name} has {first}, but not {missing:?}");
            }
        }
    }
}

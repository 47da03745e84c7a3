//! The shape of a `spin.toml`, manifest version 2. What Spin refuses is refused here by the same strictness about
//! unknown keys; what Spin offers and this host does not (key-value stores, other triggers) is refused too,
//! with its name, instead of being ignored.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use indexmap::IndexMap;
use serde::Deserialize;

/// A whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    spin_manifest_version: i64,
    application: Application,
    /// Application variables by name.
    #[serde(default)]
    pub variables: IndexMap<String, Variable>,
    #[serde(rename = "trigger")]
    triggers: IndexMap<String, Vec<toml::Table>>,
    /// Components by id.
    #[serde(default, rename = "component")]
    pub components: IndexMap<String, Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read only to refuse wrong types and unknown keys")]
struct Application {
    name: String,
    version: Option<String>,
    description: Option<String>,
    authors: Option<Vec<String>>,
    targets: Option<Vec<toml::Value>>,
    #[serde(default)]
    trigger: IndexMap<String, toml::Table>,
    tool: Option<toml::Table>,
}

/// An application variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    #[allow(dead_code, reason = "for people")]
    description: Option<String>,
    /// The environment has to give a value.
    #[serde(default)]
    pub required: bool,
    /// The value when the environment gives none.
    pub default: Option<String>,
    #[allow(dead_code, reason = "no value is ever printed here, secret or not")]
    #[serde(default)]
    secret: bool,
}

/// A trigger of type `http`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    #[allow(dead_code, reason = "names the trigger for people")]
    id: Option<String>,
    /// The component that answers.
    pub component: String,
    /// Where it answers.
    pub route: Route,
    executor: Option<Executor>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Executor {
    r#type: String,
}

/// The route of a trigger.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Route {
    /// A path pattern with `:param` and a last `/...`.
    Path(String),
    /// `{ private = true }`: reached by service chaining only.
    Private(Private),
}

/// See [`Route::Private`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Private {
    /// Has to be true.
    pub private: bool,
}

/// A component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some keys are read only to refuse wrong types and unknown keys")]
pub struct Component {
    /// The `.wasm` file, relative to the manifest.
    pub source: String,
    description: Option<String>,
    /// Templates by variable name.
    #[serde(default)]
    pub variables: IndexMap<String, String>,
    /// The guest's environment.
    #[serde(default)]
    pub environment: IndexMap<String, String>,
    /// Templates of the addresses that the component may call.
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// What is mounted into the guest.
    #[serde(default)]
    pub files: Vec<FilesMount>,
    #[serde(default)]
    exclude_files: Vec<String>,
    #[serde(default)]
    allowed_http_hosts: Vec<String>,
    #[serde(default)]
    key_value_stores: Vec<String>,
    #[serde(default)]
    sqlite_databases: Vec<String>,
    #[serde(default)]
    ai_models: Vec<String>,
    targets: Option<Vec<toml::Value>>,
    build: Option<Build>,
    tool: Option<toml::Table>,
    dependencies_inherit_configuration: Option<bool>,
    #[serde(default)]
    dependencies: toml::Table,
    profile: Option<toml::Table>,
}

/// An entry of `files`.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum FilesMount {
    /// A file, or everything below a folder, relative to the manifest, at a path of the guest.
    Placement {
        /// Where it is.
        source: String,
        /// Where the guest sees it.
        destination: String,
    },
    /// A path or a glob pattern, which this host does not offer.
    Pattern(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read only to refuse wrong types and unknown keys")]
struct Build {
    command: toml::Value,
    workdir: Option<String>,
    watch: Option<Vec<String>>,
}

impl Manifest {
    /// Reads and checks a manifest file.
    ///
    /// # Errors
    /// What makes Spin refuse it, or what this host does not offer.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the manifest {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("cannot use the manifest {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        ensure!(manifest.spin_manifest_version == 2, "only spin_manifest_version = 2 is supported");
        for (trigger, settings) in &manifest.application.trigger {
            let base = settings.get("base").and_then(toml::Value::as_str);
            ensure!(
                trigger == "http" && (settings.is_empty() || (settings.len() == 1 && base == Some("/"))),
                "the settings of [application.trigger.{trigger}] are not supported"
            );
        }
        for (id, component) in &manifest.components {
            check_id(id).with_context(|| format!("component id {id:?}"))?;
            component.check().with_context(|| format!("component {id:?}"))?;
        }
        manifest.http_triggers()?;
        Ok(manifest)
    }

    /// The triggers, in the order of the file.
    ///
    /// # Errors
    /// Another trigger than `http`, a key that is not known (`method` for example), or a component that is not there.
    pub fn http_triggers(&self) -> Result<Vec<HttpTrigger>> {
        let mut found = Vec::new();
        for (kind, triggers) in &self.triggers {
            ensure!(kind == "http", "triggers of type {kind:?} are not supported, only http");
            for trigger in triggers {
                let trigger: HttpTrigger = trigger.clone().try_into().context("cannot read a [[trigger.http]]")?;
                trigger.check()?;
                ensure!(
                    self.components.contains_key(&trigger.component),
                    "a [[trigger.http]] names the component {:?}, which is not defined",
                    trigger.component
                );
                found.push(trigger);
            }
        }
        Ok(found)
    }
}

impl HttpTrigger {
    fn check(&self) -> Result<()> {
        if let Route::Private(Private { private: false }) = self.route {
            bail!(
                "route must be a string pattern or '{{ private = true }}': {:?} has {{ private = false }}",
                self.component
            );
        }
        if let Some(executor) = &self.executor {
            ensure!(
                matches!(executor.r#type.as_str(), "http" | "spin"),
                "executor {:?} is not supported",
                executor.r#type
            );
        }
        Ok(())
    }
}

impl Component {
    fn check(&self) -> Result<()> {
        for name in self.variables.keys() {
            crate::variables::check_name(name)
                .map_err(|reason| anyhow::anyhow!("invalid variable name: {name:?}: {reason}"))?;
        }
        for (key, empty) in [
            ("exclude_files", self.exclude_files.is_empty()),
            ("allowed_http_hosts", self.allowed_http_hosts.is_empty()),
            ("key_value_stores", self.key_value_stores.is_empty()),
            ("sqlite_databases", self.sqlite_databases.is_empty()),
            ("ai_models", self.ai_models.is_empty()),
            ("dependencies", self.dependencies.is_empty()),
        ] {
            ensure!(empty, "`{key}` is not offered by the local host");
        }
        for mount in &self.files {
            if let FilesMount::Pattern(pattern) = mount {
                bail!("{pattern:?}: in `files` the local host offers only {{ source, destination }}");
            }
        }
        Ok(())
    }
}

/// Component ids are kebab-case words, each all lower or all upper case and starting with a letter.
fn check_id(id: &str) -> Result<()> {
    for word in id.split('-') {
        let mut chars = word.chars();
        let Some(first) = chars.next() else {
            bail!("words must not be empty");
        };
        ensure!(first.is_ascii_alphabetic(), "words must start with an ASCII letter");
        let same_case = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() == first.is_ascii_uppercase();
        ensure!(
            chars.all(|c| c.is_ascii_alphanumeric() && same_case(c)),
            "words may only contain ASCII letters of one case and digits"
        );
    }
    Ok(())
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;

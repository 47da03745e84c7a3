//! An application: its manifest with every variable filled in.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};

use crate::{
    cli::Options,
    files::Files,
    hosts::AllowedHosts,
    logs::Logs,
    manifest::{self, HttpTrigger, Manifest},
    postgres::Pools,
    variables::Variables,
};

/// An application, ready to be served.
pub struct App {
    /// In the order of the manifest.
    pub components: Vec<Arc<Component>>,
    /// In the order of the manifest.
    pub triggers: Vec<HttpTrigger>,
}

/// What is known of a component beside its code, shared by all its instances.
pub struct Component {
    /// Its name in the manifest.
    pub id: String,
    /// Its `.wasm` file.
    pub source: PathBuf,
    /// The values that it may ask for, by name.
    pub variables: HashMap<String, String>,
    /// What it may read, as `/`.
    pub files: Option<Files>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// Where it may call.
    pub allowed_hosts: AllowedHosts,
    /// Its database connections.
    pub pools: Pools,
    /// Where its output goes.
    pub logs: Logs,
}

impl App {
    /// Reads the manifest, and the variables from the environment.
    ///
    /// # Errors
    /// Whatever makes Spin refuse to start.
    pub fn load(options: &Options) -> Result<Self> {
        let manifest = Manifest::read(&options.manifest)?;
        let triggers = manifest.http_triggers()?;
        let variables = Variables::resolve(&manifest.variables, |name| std::env::var(name).ok())?;
        let ids: Vec<&str> = manifest.components.keys().map(String::as_str).collect();
        let components = manifest.components.iter().map(|(id, declared)| {
            Component::load(id, declared, &variables, &ids, options)
                .map(Arc::new)
                .with_context(|| format!("cannot load component {id:?}"))
        });
        let app = Self { components: components.collect::<Result<_>>()?, triggers };
        for component in &app.components {
            for target in component.allowed_hosts.chained().filter(|target| !app.serves(target)) {
                eprintln!("{} may call the component {target}, which no trigger makes reachable", component.id);
            }
        }
        Ok(app)
    }

    /// Whether a trigger, public or private, leads to a component.
    pub fn serves(&self, component: &str) -> bool {
        self.triggers.iter().any(|trigger| trigger.component == component)
    }
}

impl Component {
    fn load(
        id: &str,
        declared: &manifest::Component,
        variables: &Variables,
        ids: &[&str],
        options: &Options,
    ) -> Result<Self> {
        let folder = options.manifest.parent().unwrap_or(Path::new(""));
        let values = declared.variables.iter();
        let values = values.map(|(name, template)| Ok((name.clone(), variables.render(template)?)));
        Ok(Self {
            id: id.to_owned(),
            source: folder.join(&declared.source),
            files: Files::copy(id, &declared.files, folder)?,
            variables: values.collect::<Result<_>>()?,
            environment: declared.environment.clone().into_iter().collect(),
            allowed_hosts: AllowedHosts::parse(&declared.allowed_outbound_hosts, variables, ids)?,
            pools: Pools::default(),
            logs: Logs::new(id, options.log_dir.as_deref())?,
        })
    }
}

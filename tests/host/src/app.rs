//! An application: its manifest with every variable filled in.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, ensure};

use crate::{
    cli::Options,
    hosts::AllowedHosts,
    logs::Logs,
    manifest::{HttpTrigger, Manifest},
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
        let folder = options.manifest.parent().map(ToOwned::to_owned).unwrap_or_default();
        let components = manifest
            .components
            .iter()
            .map(|(id, component)| {
                let load = || {
                    let values = component.variables.iter();
                    let values = values.map(|(name, template)| Ok((name.clone(), variables.render(template)?)));
                    let allowed_hosts = AllowedHosts::parse(&component.allowed_outbound_hosts, &variables, &ids)?;
                    for target in allowed_hosts.chained() {
                        ensure!(
                            triggers.iter().any(|trigger| trigger.component == target),
                            "`allowed_outbound_hosts` names the component {target:?}, which has no trigger"
                        );
                    }
                    Ok(Arc::new(Component {
                        id: id.clone(),
                        source: folder.join(&component.source),
                        variables: values.collect::<Result<_>>()?,
                        environment: component.environment.clone().into_iter().collect(),
                        allowed_hosts,
                        pools: Pools::default(),
                        logs: Logs::new(id, options.log_dir.as_deref())?,
                    }))
                };
                load().with_context(|| format!("cannot load component {id:?}"))
            })
            .collect::<Result<_>>()?;
        Ok(Self { components, triggers })
    }
}

//! The Spin app: which host runs it, and with what settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::args::Host;
use crate::manifest::Manifest;
use crate::paths::{Data, Repo, which};
use crate::probe::Probe;
use crate::progress::step;
use crate::run;
use crate::service::{Service, base_env};
use crate::stack::Stack;

/// The oldest Spin with WASI 0.3 final.
const SPIN: (u32, u32) = (4, 1);

/// The host for the components.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runner {
    /// Spin, by its path.
    Spin(PathBuf),
    /// The local host.
    Local,
}

impl Runner {
    /// Chooses: what was asked for, else Spin if a new enough one is there.
    pub fn choose(host: Option<Host>, spin: Option<&Path>) -> Result<Self> {
        if host == Some(Host::Local) {
            return Ok(Self::Local);
        }
        let required = host == Some(Host::Spin) || spin.is_some();
        let Some(program) = spin.map(Path::to_path_buf).or_else(|| which("spin")) else {
            if required {
                bail!("there is no spin on the PATH; name it with --spin, or use --host local");
            }
            return Ok(Self::Local);
        };
        let said = run::output(Command::new(&program).arg("--version"));
        match said.as_deref().map(|said| (said, new_enough(said))) {
            Ok((_, true)) => Ok(Self::Spin(program)),
            Ok((said, false)) => {
                let needed = format!(
                    "{} is {}, but the components need Spin {}.{} or later (DEPLOYMENT.md, \"Spin\")",
                    program.display(),
                    said.trim(),
                    SPIN.0,
                    SPIN.1
                );
                if required {
                    bail!("{needed}; or use --host local");
                }
                step(&format!("{needed}: the local host runs them instead"));
                Ok(Self::Local)
            }
            Err(_) if required => said.map(|_| Self::Local),
            Err(_) => Ok(Self::Local),
        }
    }

    /// Which kind of host this is.
    pub fn host(&self) -> Host {
        match self {
            Self::Spin(_) => Host::Spin,
            Self::Local => Host::Local,
        }
    }

    /// The app as a service.
    pub fn service(
        &self,
        repo: &Repo,
        data: &Data,
        manifest: &Manifest,
        stack: &Stack,
        ports: (u16, u16),
    ) -> Result<Service> {
        let (port, postgres_port) = ports;
        let path = |path: PathBuf| path.display().to_string();
        let listen = format!("127.0.0.1:{port}");
        let logs = path(data.component_logs());
        let manifest_path = path(repo.manifest());
        let words = match self {
            Self::Spin(program) => {
                let state = path(data.private("spin")?);
                let program = path(program.clone());
                let mut words = vec![program, "up".into(), "--from".into(), manifest_path, "--state-dir".into(), state];
                // As deployed; the local host behaves like that by itself.
                let runtime_config = repo.root.join("runtime-config.toml");
                if runtime_config.is_file() {
                    words.extend(["--runtime-config-file".to_owned(), path(runtime_config)]);
                }
                words
            }
            Self::Local => {
                let cache = path(repo.dev().join("wasm-cache"));
                vec![path(repo.native("local-host")), "--manifest".into(), manifest_path, "--cache-dir".into(), cache]
            }
        };
        let mut command = words;
        command.extend(["--listen".to_owned(), listen.clone(), "--log-dir".to_owned(), logs]);
        let mut env = base_env();
        let limits =
            manifest.variables().filter(|name| name.starts_with("rate_limit_") && !stack.rate_limits.is_empty());
        let limits = limits.map(|name| (name, stack.rate_limits.clone()));
        for (name, value) in variables(stack, postgres_port).into_iter().chain(limits) {
            if manifest.declares(name) {
                env.insert(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
            }
        }
        Ok(Service {
            command,
            env,
            cwd: repo.root.clone(),
            user: None,
            log: data.log("app"),
            address: stack.api_url.clone(),
            ready: Probe::Http(format!("{}/health/ready", stack.api_url)),
            stops_on_interrupt: false,
            process: None,
            stopped: false,
        })
    }
}

/// Values for the manifest's variables.
fn variables(stack: &Stack, postgres_port: u16) -> [(&'static str, String); 13] {
    [
        ("database_url", stack.components_database_url.clone()),
        ("database_allowed_host", format!("postgres://127.0.0.1:{postgres_port}")),
        ("matrix_gateway_secret", stack.matrix_gateway_secret.clone()),
        ("matrix_homeserver_url", stack.homeserver_url.clone()),
        ("matrix_server_name", stack.server_name.clone()),
        ("matrix_as_token", stack.matrix_as_token.clone()),
        ("matrix_hs_token", stack.matrix_hs_token.clone()),
        ("internal_secret", stack.internal_secret.clone()),
        ("auth_mode", stack.auth_mode.clone()),
        ("jwt_issuer", stack.jwt_issuer().to_owned()),
        ("jwt_secret", stack.jwt_secret.clone()),
        ("webhook_allowed_host", stack.webhook_allowed_host.clone()),
        ("web_ws_url", stack.ws_url.clone()),
    ]
}

/// Whether `spin --version` names a version that will do. Builds of the main branch call themselves pre-releases and
/// have all that the release has.
fn new_enough(said: &str) -> bool {
    let parse = || -> Option<(u32, u32)> {
        let word = said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut numbers = word.split('.').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some((next()?, next()?))
    };
    parse().is_some_and(|version| version >= SPIN)
}

/// Asks the homeserver to deliver to the app at once whatever waited for it, and whether it can reach it at all.
pub fn ping(stack: &Stack) -> Result<()> {
    let url = format!("{}/_matrix/client/v1/appservice/{}/ping", stack.homeserver_url, crate::synapse::APPSERVICE);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(std::time::Duration::from_secs(20)))
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent
        .post(&url)
        .header("Authorization", &format!("Bearer {}", stack.matrix_as_token))
        .content_type("application/json")
        .send("{}")
        .context("cannot ask the homeserver to ping the app")?;
    if !response.status().is_success() {
        bail!("the homeserver cannot reach the app: {}", response.body_mut().read_to_string().unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spin_versions() {
        for good in [
            "spin 4.1.0 (abc1234 2026-08-01)",
            "spin 4.1.2",
            "4.2.0-pre0",
            "spin 5.0.0",
            "spin 4.1.0-pre0 (94a8fc8 2026-07-01)",
        ] {
            assert!(new_enough(good), "{good}");
        }
        for bad in ["spin 4.0.1", "spin 3.9.9", "spin", "", "SPIN 4"] {
            assert!(!new_enough(bad), "{bad}");
        }
    }

    #[test]
    fn a_spin_that_was_asked_for_must_be_there() {
        assert!(Runner::choose(None, Some(Path::new("/no/such/spin"))).is_err());
        assert_eq!(Runner::choose(Some(Host::Local), None).unwrap(), Runner::Local);
    }

    #[test]
    fn a_spin_that_is_too_old_is_named_with_what_is_needed() {
        let program = std::env::temp_dir().join(format!("dev-old-spin-{}", std::process::id()));
        // Written by another process: a child that another test starts meanwhile could inherit our open file, which then cannot
        // be run (ETXTBSY).
        let script = r#"echo '#!/bin/sh' > "$0"; echo "echo 'spin 3.6.2 (abc1234 2026-01-01)'" >> "$0"; chmod +x "$0""#;
        assert!(Command::new("sh").args(["-c", script]).arg(&program).status().unwrap().success());
        let error = Runner::choose(None, Some(&program)).unwrap_err().to_string();
        std::fs::remove_file(&program).unwrap();
        assert!(error.contains("is spin 3.6.2") && error.contains("need Spin 4.1 or later"), "{error}");
    }
}

//! The stack file: what runs where, for tests, for the other commands, and for the next start after a crash.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::paths::write_private;
use crate::process::Identity;
use crate::service::{Name, Service};
use crate::stop::Stop;
use crate::token;

/// A stack, as written to the stack file once everything is ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Base address of the REST API.
    pub api_url: String,
    /// Base address of the WebSockets, `ws://…`.
    pub ws_url: String,
    /// NATS.
    pub nats_url: String,
    /// PostgreSQL as the role that owns the tables, with its password.
    pub database_url: String,
    /// The same as the components' role; absent in files of earlier versions.
    #[serde(default)]
    pub components_database_url: String,
    /// The same as the relay's role; absent in files of earlier versions.
    #[serde(default)]
    pub relay_database_url: String,
    /// The homeserver.
    pub homeserver_url: String,
    /// The homeserver's name in Matrix ids.
    pub server_name: String,
    /// Secret of the `/internal` routes.
    pub internal_secret: String,
    /// Lets tests register ordinary Matrix users.
    pub registration_shared_secret: String,
    /// The appservice's token.
    pub matrix_as_token: String,
    /// The homeserver's token.
    pub matrix_hs_token: String,
    /// Secret of the matrix-gateway.
    pub matrix_gateway_secret: String,
    /// How callers say who they are: `development` or `token`.
    #[serde(default = "development")]
    pub auth_mode: String,
    /// Key of the callers' tokens.
    pub jwt_secret: String,
    /// Who the homeserver federates with; absent in files of earlier versions.
    #[serde(default)]
    pub federation: Option<Federation>,
    /// Where webhooks may point; empty: nowhere.
    #[serde(default)]
    pub webhook_allowed_host: String,
    /// What takes the place of every rate limit of the manifest, for tests; empty: nothing.
    #[serde(default)]
    pub rate_limits: String,
    /// What runs the components: `spin` or `local`.
    pub host: String,
    /// The data folder.
    pub data: PathBuf,
    /// This program, to stop and start services from a test.
    pub dev: PathBuf,
    /// The `cargo dev` that started the stack and watches it.
    pub supervisor: Option<Identity>,
    /// The services.
    pub services: BTreeMap<Name, Service>,
}

fn development() -> String {
    "development".to_owned()
}

impl Stack {
    /// The issuer that callers' tokens must have; empty: any. Tests in development mode make tokens of their own.
    pub fn jwt_issuer(&self) -> &'static str {
        if self.auth_mode == "token" { token::ISSUER } else { "" }
    }
}

/// What a second homeserver needs to federate with ours. Tests start it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Federation {
    /// Its name: the only one that our homeserver speaks to.
    pub neighbour: String,
    /// The authority that both trust, PEM.
    pub authority: PathBuf,
    /// Key and certificate for the names of both, PEM.
    pub certificate: PathBuf,
}

/// A stack file by its path.
#[derive(Clone, Debug)]
pub struct StackFile {
    path: PathBuf,
}

impl StackFile {
    /// The file at `path`; it need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the same is kept while the stack is still starting: nobody takes that for a stack that is ready.
    fn starting(&self) -> PathBuf {
        self.path.with_extension("starting.json")
    }

    /// The stack that is ready; `None` without a file.
    pub fn load(&self) -> Result<Option<Stack>> {
        read(&self.path)
    }

    /// The stack, ready or starting.
    pub fn load_any(&self) -> Result<Option<Stack>> {
        Ok(read(&self.path)?.or(read(&self.starting())?))
    }

    /// Whether a stack is ready.
    pub fn is_ready(&self) -> bool {
        self.path.is_file()
    }

    /// Keeps what has been started so far.
    pub fn save_starting(&self, stack: &Stack) -> Result<()> {
        write_private(&self.starting(), &text(stack)?)
    }

    /// Tells the world that the stack is ready.
    pub fn save_ready(&self, stack: &Stack) -> Result<()> {
        write_private(&self.path, &text(stack)?)?;
        let _ = fs::remove_file(self.starting());
        Ok(())
    }

    /// Changes one service's record.
    pub fn update(&self, name: Name, service: &Service) -> Result<()> {
        let mut stack = self.load()?.context("the stack is not running any more")?;
        stack.services.insert(name, service.clone());
        write_private(&self.path, &text(&stack)?)
    }

    /// Forgets the stack.
    pub fn remove(&self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.starting());
        let _ = fs::remove_file(self.path.with_extension("lock"));
    }

    /// Excludes other commands that change the stack, for as long as the result lives.
    pub fn lock(&self) -> Result<File> {
        let file = self.lock_file()?;
        file.lock().with_context(|| format!("cannot lock {}", self.path.display()))?;
        Ok(file)
    }

    /// The same without waiting; `None` while another command has it.
    pub fn try_lock(&self) -> Result<Option<File>> {
        let file = self.lock_file()?;
        Ok(file.try_lock().is_ok().then_some(file))
    }

    fn lock_file(&self) -> Result<File> {
        let path = self.path.with_extension("lock");
        File::create(&path).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Stack {
    /// Stops everything that still runs, in reverse order, and says what it stops.
    pub fn stop_all(&self, stop: &Stop, mut say: impl FnMut(Name)) {
        for (name, service) in self.services.iter().rev() {
            if service.alive() || !service.orphans().is_empty() {
                say(*name);
                service.stop(stop);
            }
        }
    }
}

fn text(stack: &Stack) -> Result<String> {
    serde_json::to_string_pretty(stack).context("cannot write the stack as JSON")
}

fn read(path: &Path) -> Result<Option<Stack>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let stack = serde_json::from_str(&text)
        .with_context(|| format!("{} is no stack file of this version; delete it", path.display()))?;
    Ok(Some(stack))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::tests::example;
    use std::os::unix::fs::PermissionsExt;

    fn stack() -> Stack {
        let mut service = example("sleep 60", Path::new("/dev/null"));
        service.process = Some(Identity { pid: 4_000_000, start_time: 7 });
        serde_json::from_value(serde_json::json!({
            "api_url": "http://127.0.0.1:1", "ws_url": "ws://127.0.0.1:2", "nats_url": "nats://127.0.0.1:3",
            "database_url": "postgres://a:b@127.0.0.1:4/c", "homeserver_url": "http://127.0.0.1:5",
            "server_name": "localhost", "internal_secret": "i", "registration_shared_secret": "r",
            "matrix_as_token": "a", "matrix_hs_token": "h", "matrix_gateway_secret": "g", "jwt_secret": "j",
            "host": "local", "data": "/data", "dev": "/dev/null", "supervisor": null,
            "services": {"ws-relay": service}
        }))
        .unwrap()
    }

    #[test]
    fn a_starting_stack_is_not_ready_and_a_ready_one_is_private() {
        let file = StackFile::at(std::env::temp_dir().join(format!("dev-stack-{}.json", std::process::id())));
        file.remove();
        assert_eq!(file.load_any().unwrap(), None);
        file.save_starting(&stack()).unwrap();
        assert!(!file.is_ready() && file.load().unwrap().is_none());
        assert_eq!(file.load_any().unwrap(), Some(stack()));
        file.save_ready(&stack()).unwrap();
        assert_eq!(file.load().unwrap(), Some(stack()));
        assert!(!file.starting().exists());
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        let mut service = stack().services[&Name::WsRelay].clone();
        service.stopped = true;
        file.update(Name::WsRelay, &service).unwrap();
        assert!(file.load().unwrap().unwrap().services[&Name::WsRelay].stopped);
        file.remove();
        assert!(file.update(Name::WsRelay, &service).is_err());
    }

    #[test]
    fn tests_find_pid_and_start_time_beside_the_command() {
        let json = serde_json::to_value(stack()).unwrap();
        let relay = &json["services"]["ws-relay"];
        assert_eq!((relay["pid"].as_u64(), relay["start_time"].as_u64()), (Some(4_000_000), Some(7)));
        assert_eq!(relay["command"][0], "sh");
    }
}

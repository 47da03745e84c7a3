//! ws-relay, and the migrations that it carries.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::Result;

use crate::paths::{Data, Repo};
use crate::probe::Probe;
use crate::progress::step;
use crate::run;
use crate::service::{Service, base_env};
use crate::stack::Stack;
use crate::stop::Stop;

/// Brings the database to the newest schema.
pub fn migrate(repo: &Repo, data: &Data, stack: &Stack, port: u16, stop: &Stop) -> Result<()> {
    step("migrating the database");
    let mut command = Command::new(repo.native("ws-relay"));
    command.arg("migrate").envs(settings(stack, port)).current_dir(&repo.root);
    command.env("MIGRATION_DATABASE_URL", &stack.database_url);
    run::logged(&mut command, &data.log("migrate"), stop)
}

/// The relay as a service.
pub fn service(repo: &Repo, data: &Data, stack: &Stack, port: u16) -> Service {
    let mut env = base_env();
    env.extend(settings(stack, port));
    // What the app's requests are counted from.
    env.insert("REQUEST_LOGS".to_owned(), data.component_logs().display().to_string());
    Service {
        command: vec![repo.native("ws-relay").display().to_string()],
        env,
        cwd: repo.root.clone(),
        user: None,
        log: data.log("ws-relay"),
        address: stack.ws_url.clone(),
        ready: Probe::Http(format!("http://127.0.0.1:{port}/health")),
        stops_on_interrupt: false,
        process: None,
        stopped: false,
    }
}

fn settings(stack: &Stack, port: u16) -> BTreeMap<String, String> {
    let pairs = [
        ("DATABASE_URL", stack.relay_database_url.as_str()),
        ("NATS_URL", &stack.nats_url),
        ("AUTH_MODE", &stack.auth_mode),
        ("JWT_ISSUER", stack.jwt_issuer()),
        ("JWT_SECRET", &stack.jwt_secret),
        ("MATRIX_HOMESERVER_URL", &stack.homeserver_url),
        ("MATRIX_AS_TOKEN", &stack.matrix_as_token),
        ("MATRIX_SERVER_NAME", &stack.server_name),
        ("INTERNAL_SECRET", &stack.internal_secret),
        ("MESSAGING_URL", &stack.api_url),
        ("MATRIX_GATEWAY_SECRET", &stack.matrix_gateway_secret),
        ("WEBHOOK_ALLOWED_HOST", &stack.webhook_allowed_host),
    ];
    let listen = ("WS_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).chain([listen]).collect()
}

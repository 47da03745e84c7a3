//! `cargo dev up`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::args::UpArgs;
use crate::compile::Native;
use crate::paths::{Data, Repo};
use crate::postgres;
use crate::progress::{note, say, step};
use crate::running::{Options, Running, stop_leftovers};
use crate::stack::{Stack, StackFile};
use crate::stop::Stop;

/// Brings the stack up and keeps it until a stop is asked for.
pub fn run(repo: &Repo, args: UpArgs, stop: &Stop) -> Result<()> {
    let file = StackFile::at(stack_path(repo, &args));
    let data = args.data.unwrap_or_else(|| default_data(repo));
    if args.fresh {
        delete(&data, &file, stop)?;
    }
    let options = Options {
        host: args.host,
        spin: args.spin,
        ports: args.ports,
        data,
        server_name: args.server_name,
        auth: args.auth,
        durable: true,
        webhook_allowed_host: std::env::var("WEBHOOK_ALLOWED_HOST").unwrap_or_default(),
        rate_limits: std::env::var("RATE_LIMITS").unwrap_or_default(),
        build: (!args.no_build).then_some(Native::Programs),
        file,
    };
    let mut running = Running::start(repo, &options, stop)?;
    step("everything is ready");
    welcome(&running.stack, options.file.path());
    running.supervise(stop);
    note("");
    running.take_down(stop);
    Ok(())
}

fn default_data(repo: &Repo) -> PathBuf {
    repo.dev().join("data")
}

/// A stack with data of its own has its stack file beside them.
fn stack_path(repo: &Repo, args: &UpArgs) -> PathBuf {
    let beside = || args.data.as_ref().map(|data| data.join("stack.json"));
    args.stack.clone().or_else(beside).unwrap_or_else(|| repo.dev().join("stack.json"))
}

/// Deletes a stack's data, which must not be in use.
pub fn delete(data: &Path, file: &StackFile, stop: &Stop) -> Result<()> {
    if !data.exists() {
        return Ok(());
    }
    let data = Data::create(data)?;
    let lock = crate::running::lock(&data, file)?;
    stop_leftovers(file, stop)?;
    let cluster = postgres::folder(&data);
    let outside = cluster.parent().filter(|parent| *parent != data.dir && parent.exists());
    for folder in outside.into_iter().chain([data.dir.as_path()]) {
        fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    drop(lock);
    Ok(())
}

/// What a first request says of its caller.
fn identity(stack: &Stack) -> &'static str {
    match stack.auth_mode.as_str() {
        "token" => "\"Authorization: Bearer $(cargo dev token user:alice --microdao microdao:daarion)\"",
        _ => "'X-User-Id: user:alice'",
    }
}

/// How somebody gets into the page.
fn sign_in(stack: &Stack) -> &'static str {
    match stack.auth_mode.as_str() {
        "token" => "with what `cargo dev token user:alice --microdao microdao:daarion` prints",
        _ => "as alice, and in another window as bob",
    }
}

fn welcome(stack: &Stack, file: &Path) {
    let Stack { api_url, ws_url, nats_url, homeserver_url, server_name, .. } = stack;
    say(&format!(
        "
  web page     {api_url}/   (sign in {sign_in})
  REST API     {api_url}   (try it: {api_url}/docs)
  WebSocket    {ws_url}/ws/messaging/<channel id>
  NATS         {nats_url}
  PostgreSQL   {database}
  Synapse      {homeserver_url}   (server name {server_name})
  logs         {logs}
  stack file   {file}

A first channel:

  curl -s {api_url}/api/messaging/channels -H {identity} -H 'Content-Type: application/json' \\
    -d '{{\"slug\": \"general\", \"name\": \"General\", \"microdao_id\": \"microdao:daarion\"}}'

Ctrl-C stops everything.
",
        database = stack.database_url,
        identity = identity(stack),
        sign_in = sign_in(stack),
        logs = stack.data.join("logs").display(),
        file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf()).display(),
    ));
}

//! `cargo dev bench http`: reads and sends over HTTP, on a stack as in production: tokens, and a database that waits for
//! the disk. The app runs on the local host, and beside it on the real Spin where there is one.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::{BenchArgs, Subject, measurement};
use crate::app::Runner;
use crate::args::{Auth, Host, OwnStackArgs};
use crate::compile::{self, Native};
use crate::install::{self, Tools};
use crate::manifest::Manifest;
use crate::own_stack::OwnStack;
use crate::paths::{Data, Repo, write_private};
use crate::progress::step;
use crate::run;
use crate::service::Name;
use crate::stack::Stack;
use crate::stop::Stop;
use crate::suite::code;

/// Measures. Goals that are missed are told and fail nothing; an answer that is none does.
pub fn run(repo: &Repo, args: BenchArgs, data: &Data, tools: &Tools, stop: &Stop) -> Result<ExitCode> {
    install::ensure_load_generator(data, stop)?;
    let requirements = repo.root.join("tests/bench/http/requirements.txt");
    let env = repo.dev().join("venv-bench");
    let peer = install::python_env(&tools.python, &env, &requirements, &data.log("pip-bench"), stop)?;
    if !args.no_build {
        compile::examples(repo, data, "ws-relay", stop)?;
    }
    let spin = Runner::choose(None, args.spin.as_deref())?;
    let own = OwnStackArgs { host: Some(Host::Local), no_build: args.no_build, ..OwnStackArgs::default() };
    let own = OwnStack { auth: Auth::Token, durable: true, ..OwnStack::of(own, Native::Programs) };
    let status = own.run(repo, data, stop, |running, file| {
        let mut command = measurement(repo, data, tools, Subject::Http, stop)?;
        command.arg("--stack").arg(file.path()).arg("--peer").arg(&peer);
        command.arg("--twin").arg(repo.native("examples/native_twin"));
        if spin.host() == Host::Spin {
            command.arg("--spin").arg(service(repo, data, &running.stack, &spin)?);
        }
        command.args(&args.bench);
        step("measuring reads and sends over HTTP");
        run::visible(&mut command, stop)
    });
    status.map(code)
}

/// Writes down how the app is started on another host than the stack's.
fn service(repo: &Repo, data: &Data, stack: &Stack, runner: &Runner) -> Result<PathBuf> {
    let port = |address: &str| address.rsplit(':').next().and_then(|port| port.parse().ok());
    let postgres = stack.services.get(&Name::Postgres).and_then(|service| port(&service.address));
    let ports = port(&stack.api_url).zip(postgres).context("the stack's addresses have no ports")?;
    let service = runner.service(repo, data, &Manifest::load(&repo.manifest())?, stack, ports)?;
    let path = data.dir.join("spin.json");
    write_private(&path, &serde_json::to_string_pretty(&service)?)?;
    fs::canonicalize(&path).with_context(|| format!("cannot find {}", path.display()))
}

//! `cargo dev bench cold`: how large the components are, how long their first requests take and what their host holds in
//! memory; on the local host, and beside it on the real Spin where there is one.

use std::process::ExitCode;

use anyhow::Result;

use super::{BenchArgs, Subject, measurement};
use crate::app::Runner;
use crate::args::Host;
use crate::compile::{self, Native};
use crate::install::Tools;
use crate::manifest::Manifest;
use crate::own_stack::discard;
use crate::paths::{Data, Repo};
use crate::progress::step;
use crate::run;
use crate::stop::Stop;
use crate::suite::code;

/// Measures. Goals that are missed are told, and fail nothing.
pub fn run(repo: &Repo, args: BenchArgs, data: &Data, tools: &Tools, stop: &Stop) -> Result<ExitCode> {
    let spin = Runner::choose(None, args.spin.as_deref())?;
    if !args.no_build {
        compile::all(repo, data, &Manifest::load(&repo.manifest())?, Host::Local, Native::Programs, stop)?;
        compile::empty(repo, data, stop)?;
    }
    let mut command = measurement(repo, data, tools, Subject::Cold, stop)?;
    command.env("LOCAL_HOST", repo.native("local-host")).env("EMPTY_COMPONENT", compile::empty_component(repo));
    if let Runner::Spin(program) = spin {
        command.arg("--spin").arg(program);
    }
    command.args(&args.bench);
    step("measuring hosts that have just started");
    let status = run::visible(&mut command, stop);
    discard(data);
    status.map(code)
}

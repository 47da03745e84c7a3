//! `cargo dev soak`: load and faults on a supervised stack of its own, then the comparison of all that holds events.

use std::fs;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

use crate::args::SoakArgs;
use crate::compile::Native;
use crate::install;
use crate::own_stack::{self, OwnStack};
use crate::paths::Repo;
use crate::progress::{note, step};
use crate::run;
use crate::stop::Stop;
use crate::suite::{code, python};
use crate::supervise::Supervisor;

/// Runs the soak; it fails when anything was found.
pub fn run(repo: &Repo, args: SoakArgs, stop: &Stop) -> Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let out = repo.dev().join("soak").join(format!("seed-{seed}"));
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let data = own_stack::data(repo, stop)?;
    let tools = install::ensure(&data, stop)?;
    let own = OwnStack::of(args.own, Native::Programs);
    let status = own.run(repo, &data, stop, |running, file| {
        let mut command = python(repo, &data, &tools, stop)?;
        command.args(["-m", "soak", "--seed", &seed.to_string(), "--minutes", &args.minutes.to_string()]);
        command.arg("--stack").arg(file.path()).arg("--out").arg(&out).args(&args.soak);
        command.env("PYTHONPATH", std::env::join_paths([repo.root.join("tests"), repo.root.join("tests/e2e")])?);
        step(&format!("soak of {} minutes, seed {seed}", args.minutes));
        let mut supervisor = Supervisor::default();
        run::watched(&mut command, stop, || running.look_after(&mut supervisor, stop))
    });
    note(&format!("schedule, acts and report are in {}", out.display()));
    status.map(code)
}

/// Another one each second, and short enough to type.
pub fn fresh_seed() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    u32::try_from(now % 1_000_000).unwrap_or_default()
}

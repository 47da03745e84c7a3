//! `cargo dev fuzz`: requests drawn from the OpenAPI document against a stack of its own, each response judged by it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use crate::args::OwnStackArgs;
use crate::compile::Native;
use crate::install::{self, Tools};
use crate::own_stack::{self, OwnStack};
use crate::paths::{Data, Repo};
use crate::progress::{note, step};
use crate::run;
use crate::soak::fresh_seed;
use crate::stop::Stop;
use crate::suite::code;

/// Options of `fuzz`.
#[derive(Debug, Default, Args)]
pub struct FuzzArgs {
    /// For how long random requests are drawn, instead of how many
    #[arg(long, conflicts_with = "cases")]
    pub minutes: Option<f64>,
    /// About how many random requests, besides those at the bounds of every schema
    #[arg(long, default_value_t = 6000)]
    pub cases: u32,
    /// Draws the requests of an earlier run [default: a new one, which is printed]
    #[arg(long)]
    pub seed: Option<u32>,
    #[command(flatten)]
    pub own: OwnStackArgs,
}

/// Runs the test; it fails when anything was found.
pub fn run(repo: &Repo, args: FuzzArgs, stop: &Stop) -> Result<ExitCode> {
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let out = repo.dev().join("fuzz").join(format!("seed-{seed}"));
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let data = own_stack::data(repo, stop)?;
    let tools = install::ensure(&data, stop)?;
    let program = python(repo, &data, &tools, stop)?;
    let own = OwnStack::of(args.own, Native::Programs);
    let status = own.run(repo, &data, stop, |_, file| {
        let mut command = Command::new(&program);
        command.current_dir(&repo.root).args(["-m", "fuzz", "--seed", &seed.to_string()]);
        match args.minutes {
            Some(minutes) => command.args(["--minutes", &minutes.to_string()]),
            None => command.args(["--cases", &args.cases.to_string()]),
        };
        command.arg("--stack").arg(file.path()).arg("--out").arg(&out);
        command.env("PYTHONPATH", std::env::join_paths([repo.root.join("tests"), repo.root.join("tests/e2e")])?);
        step(&format!("requests from the OpenAPI document, seed {seed}"));
        run::visible(&mut command, stop)
    });
    note(&format!("the report is in {}", out.display()));
    status.map(code)
}

/// The Python that draws requests.
pub fn python(repo: &Repo, data: &Data, tools: &Tools, stop: &Stop) -> Result<PathBuf> {
    let (env, requirements) = (repo.dev().join("venv-fuzz"), repo.root.join("tests/fuzz/requirements.txt"));
    install::python_env(&tools.python, &env, &requirements, &data.log("pip-fuzz"), stop)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::{Cli, Command};

    #[test]
    fn a_run_has_a_length_in_cases_or_in_minutes() {
        let cli = Cli::try_parse_from(["dev", "fuzz", "--minutes", "1.5", "--seed", "7"]).unwrap();
        let Command::Fuzz(fuzz) = cli.command else { panic!("not fuzz") };
        assert_eq!((fuzz.minutes, fuzz.seed), (Some(1.5), Some(7)));
        assert!(Cli::try_parse_from(["dev", "fuzz", "--minutes", "1", "--cases", "9"]).is_err());
    }
}

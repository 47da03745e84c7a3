//! `cargo dev`: the local stack in one command. It installs what is missing, builds, starts PostgreSQL, NATS,
//! Synapse, the Spin app and ws-relay on this machine, and runs the tests against them.

mod app;
mod args;
mod bench;
mod compile;
mod control;
mod database;
mod fuzz;
mod install;
mod manifest;
mod nats;
mod node;
mod own_stack;
mod page;
mod paths;
mod ports;
mod postgres;
mod probe;
mod process;
mod progress;
mod relay;
mod run;
mod running;
mod secrets;
mod service;
mod soak;
mod stack;
mod stop;
mod suite;
mod supervise;
mod synapse;
mod token;
mod up;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::args::{Cli, Command};
use crate::control::Change;
use crate::paths::Repo;
use crate::stop::{Interrupted, Stop};

fn main() -> ExitCode {
    let cli = Cli::parse();
    progress::start();
    match dispatch(cli.command) {
        Ok(code) => code,
        Err(error) if error.is::<Interrupted>() => ExitCode::from(130),
        Err(error) => {
            progress::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    ensure!(cfg!(target_os = "linux"), "the local stack needs Linux: a virtual machine or a container will do");
    let repo = Repo::find()?;
    let stop = Stop::listen()?;
    match command {
        Command::Up(args) => up::run(&repo, args, &stop)?,
        Command::Down(stack) => control::down(&repo, stack, &stop)?,
        Command::Status(stack) => control::status(&repo, stack)?,
        Command::Logs { service, follow, lines, stack } => {
            control::logs(&repo, service, follow, lines, stack, &stop)?;
        }
        Command::Start(args) => control::change(&repo, Change::Start, args, &stop)?,
        Command::Stop(args) => control::change(&repo, Change::Stop, args, &stop)?,
        Command::Restart(args) => control::change(&repo, Change::Restart, args, &stop)?,
        Command::Token(args) => token::run(&repo, args)?,
        Command::Test(args) => return suite::run(&repo, args, &stop),
        Command::Soak(args) => return soak::run(&repo, args, &stop),
        Command::Bench(args) => return bench::run(&repo, args, &stop),
        Command::Fuzz(args) => return fuzz::run(&repo, args, &stop),
    }
    Ok(ExitCode::SUCCESS)
}

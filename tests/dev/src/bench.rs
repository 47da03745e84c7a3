//! `cargo dev bench`: measures at a size that no test waits for, against a PostgreSQL or a stack of its own.

mod cold;
mod http;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::args::Host;
use crate::compile::{self, Native};
use crate::install::{self, Tools};
use crate::own_stack::{self, discard};
use crate::paths::{Data, Repo};
use crate::progress::step;
use crate::run;
use crate::stop::Stop;
use crate::suite::{code, python};

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What is measured
    #[arg(value_enum)]
    pub subject: Subject,
    /// How many messages there are; ten million need 15 GB for temporary files
    #[arg(long, default_value_t = 200_000)]
    pub messages: u64,
    /// Run what was built before
    #[arg(long)]
    pub no_build: bool,
    /// The spin program that is measured beside the local host, when it is not on the PATH
    #[arg(long, value_name = "PATH")]
    pub spin: Option<PathBuf>,
    /// For the measurement itself, after `--`: `--help` names them
    #[arg(last = true, value_name = "BENCH ARGS")]
    pub bench: Vec<String>,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Searches
    Search,
    /// What it costs a send that search finds its message
    Indexing,
    /// Reads and sends over HTTP, beside a native twin, an empty component and a service of Python
    Http,
    /// Reads, a send and readers that come back, with many messages beside 100,000
    Scale,
    /// How fast what waits in the outbox is published
    Outbox,
    /// What it costs to write a message into the index
    Writes,
    /// What sockets cost and how soon they have an event, beside the WebSockets of NATS
    Fanout,
    /// Sizes, first requests and memory, beside an empty component
    Cold,
}

impl Subject {
    /// The module that measures it.
    fn module(self) -> &'static str {
        match self {
            Self::Search => "bench.search",
            Self::Indexing => "bench.indexing",
            Self::Http => "bench.http",
            Self::Scale => "bench.scale",
            Self::Outbox => "bench.outbox",
            Self::Writes => "bench.writes",
            Self::Fanout => "bench.fanout",
            Self::Cold => "bench.cold",
        }
    }

    /// The package whose examples it is measured with.
    fn examples(self) -> Option<&'static str> {
        match self {
            Self::Search | Self::Indexing => Some("messaging-core"),
            Self::Outbox | Self::Fanout => Some("ws-relay"),
            Self::Http | Self::Scale | Self::Writes | Self::Cold => None,
        }
    }

    /// Whether it is measured with as many messages as are asked for.
    fn has_size(self) -> bool {
        matches!(self, Self::Search | Self::Indexing | Self::Scale)
    }

    /// Whether its messages are of words that a dictionary has.
    fn needs_dictionary(self) -> bool {
        matches!(self, Self::Search | Self::Indexing)
    }
}

/// Measures; it fails when something takes longer than is promised, where a subject promises a time.
pub fn run(repo: &Repo, args: BenchArgs, stop: &Stop) -> Result<ExitCode> {
    let data = own_stack::data(repo, stop)?;
    let tools = install::ensure(&data, stop)?;
    match args.subject {
        Subject::Http => return http::run(repo, args, &data, &tools, stop),
        Subject::Cold => return cold::run(repo, args, &data, &tools, stop),
        _ => {}
    }
    if args.subject.needs_dictionary() {
        install::ensure_dictionary(&data, stop)?;
    }
    if !args.no_build {
        compile::native(repo, &data, Host::Spin, Native::Programs, stop)?;
        if let Some(package) = args.subject.examples() {
            compile::examples(repo, &data, package, stop)?;
        }
    }
    let mut command = measurement(repo, &data, &tools, args.subject, stop)?;
    if args.subject.has_size() {
        command.args(["--messages", &args.messages.to_string()]);
    }
    command.args(&args.bench);
    step("measuring");
    let status = run::visible(&mut command, stop);
    discard(&data);
    status.map(code)
}

/// The Python of a measurement, with what the repository has for it.
fn measurement(repo: &Repo, data: &Data, tools: &Tools, subject: Subject, stop: &Stop) -> Result<Command> {
    let mut command = python(repo, data, tools, stop)?;
    command.args(["-m", subject.module()]);
    // Both suites have a package "search"; the bench uses that of the index.
    let folders = ["tests", "tests/index", "tests/e2e"].map(|folder| repo.root.join(folder));
    command.env("PYTHONPATH", std::env::join_paths(folders).context("a folder has a colon in its name")?);
    command.env("WS_RELAY", repo.native("ws-relay")).env("POSTGRES_BIN", &tools.postgres);
    command.env("NATS_SERVER", &tools.nats).env("BENCH_RESULTS", repo.dev().join("bench"));
    command.env("EXAMPLES", repo.native("examples")).env("SEARCH_PROGRAM", repo.native("examples/search"));
    Ok(command)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn a_measurement_has_a_size() {
        let cli =
            Cli::try_parse_from(["dev", "bench", "search", "--messages", "10000000", "--", "--rate", "5"]).unwrap();
        let Command::Bench(bench) = cli.command else { panic!("not bench") };
        assert_eq!((bench.subject, bench.messages), (Subject::Search, 10_000_000));
        assert_eq!(bench.bench, ["--rate", "5"]);
        assert!(Cli::try_parse_from(["dev", "bench"]).is_err());
    }
}

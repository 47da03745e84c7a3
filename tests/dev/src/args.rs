//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::service::Name;

/// The local stack: PostgreSQL, NATS, Synapse, the Spin app and ws-relay on this machine.
#[derive(Debug, Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Install what is missing, build, and run everything until Ctrl-C
    Up(UpArgs),
    /// Stop the running stack, or what a killed one left behind
    Down(StackArg),
    /// Show the services, their processes and addresses
    Status(StackArg),
    /// Show a service's log
    Logs {
        /// Whose log
        service: Name,
        /// Go on as it grows
        #[arg(short, long)]
        follow: bool,
        /// How many of the last lines
        #[arg(short, long, default_value_t = 100)]
        lines: usize,
        #[command(flatten)]
        stack: StackArg,
    },
    /// Start a service that was stopped
    Start(ServiceArgs),
    /// Stop one service; the stack goes on without it
    Stop(ServiceArgs),
    /// Stop and start one service, with the same command and settings
    Restart(ServiceArgs),
    /// Print an access token for the stack that runs
    Token(TokenArgs),
    /// Run all tests against a stack of their own (or the one named by STACK_JSON or MESSAGING_API_URL)
    Test(TestArgs),
    /// Put load and faults on a supervised stack of its own, then compare Matrix, index, NATS and what readers saw
    Soak(SoakArgs),
    /// Measure at a size that no test waits for
    Bench(crate::bench::BenchArgs),
    /// Send a stack of its own thousands of requests drawn from the OpenAPI document, and judge every response by it
    Fuzz(crate::fuzz::FuzzArgs),
}

/// Options of `up`.
#[derive(Debug, Default, Args)]
pub struct UpArgs {
    /// What runs the components [default: spin when Spin 4.1 or later is found, else local]
    #[arg(long, value_enum)]
    pub host: Option<Host>,
    /// The spin program, when it is not on the PATH
    #[arg(long, value_name = "PATH")]
    pub spin: Option<PathBuf>,
    #[command(flatten)]
    pub ports: PortArgs,
    /// Where accounts, messages and logs are kept [default: target/dev/data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The homeserver's name in Matrix ids, fixed for the life of the data [default: localhost]
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// How callers say who they are
    #[arg(long, value_enum, default_value_t)]
    pub auth: Auth,
    /// Delete the data first
    #[arg(long)]
    pub fresh: bool,
    /// Run what was built before
    #[arg(long)]
    pub no_build: bool,
    /// The stack file to write [default: target/dev/stack.json, or stack.json in --data]
    #[arg(long, value_name = "PATH")]
    pub stack: Option<PathBuf>,
}

/// How callers say who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// By their word, in `X-User-Id`
    #[default]
    Development,
    /// By signed tokens alone, as in production; `cargo dev token` makes them
    Token,
}

impl Auth {
    /// As `AUTH_MODE` and the stack file have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Token => "token",
        }
    }
}

/// What runs the components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// `spin up`
    Spin,
    /// The local host in tests/host
    Local,
}

impl Host {
    /// As the stack file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spin => "spin",
            Self::Local => "local",
        }
    }
}

/// The ports.
#[derive(Debug, Default, Args)]
pub struct PortArgs {
    /// Port of the REST API [default: 3000]
    #[arg(long, value_name = "PORT")]
    pub api_port: Option<u16>,
    /// Port of the WebSockets [default: 3001]
    #[arg(long, value_name = "PORT")]
    pub ws_port: Option<u16>,
    /// Port of PostgreSQL [default: 15432]
    #[arg(long, value_name = "PORT")]
    pub postgres_port: Option<u16>,
    /// Port of NATS [default: 14222]
    #[arg(long, value_name = "PORT")]
    pub nats_port: Option<u16>,
    /// Port of the homeserver [default: 18008]
    #[arg(long, value_name = "PORT")]
    pub synapse_port: Option<u16>,
    /// Port in the name of the other homeserver that ours federates with, which only tests start [default: 18448]
    #[arg(long, value_name = "PORT")]
    pub neighbour_port: Option<u16>,
    /// Choose free ports for all that are not named
    #[arg(long)]
    pub free_ports: bool,
}

/// Which stack.
#[derive(Clone, Debug, Default, Args)]
pub struct StackArg {
    /// The stack file [default: STACK_JSON from the environment, else target/dev/stack.json]
    #[arg(long = "stack", value_name = "PATH")]
    pub path: Option<PathBuf>,
}

/// A service of a stack.
#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// Which service
    pub service: Name,
    /// End it as a crash would, with SIGKILL (stop, restart)
    #[arg(long)]
    pub kill: bool,
    /// Do not wait until it is ready (start, restart)
    #[arg(long)]
    pub no_wait: bool,
    #[command(flatten)]
    pub stack: StackArg,
}

/// Options of `token`.
#[derive(Clone, Debug, Args)]
pub struct TokenArgs {
    /// Whose: `user:<id>`, `agent:<id>`, or the id of a user
    pub subject: String,
    /// A microDAO of theirs, as `microdao:<slug>`; may be given several times
    #[arg(long = "microdao", value_name = "ID")]
    pub microdaos: Vec<String>,
    /// A role of theirs on the platform; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
    /// How long it is valid: seconds, or a number with s, m, h or d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = crate::token::seconds)]
    pub ttl: u64,
    #[command(flatten)]
    pub stack: StackArg,
}

/// A stack of the command's own.
#[derive(Debug, Default, Args)]
pub struct OwnStackArgs {
    /// What runs the components, as in `up`
    #[arg(long, value_enum)]
    pub host: Option<Host>,
    /// The spin program, when it is not on the PATH
    #[arg(long, value_name = "PATH")]
    pub spin: Option<PathBuf>,
    /// Run what was built before
    #[arg(long)]
    pub no_build: bool,
    /// Keep the stack's data and logs even if all went well
    #[arg(long)]
    pub keep: bool,
}

/// Options of `test`.
#[derive(Debug, Default, Args)]
pub struct TestArgs {
    /// Run only the tests of the index (tests/index): PostgreSQL alone, seconds
    #[arg(long, conflicts_with = "no_unit")]
    pub index: bool,
    /// Leave out the unit tests and the tests of the index
    #[arg(long)]
    pub no_unit: bool,
    #[command(flatten)]
    pub own: OwnStackArgs,
    /// For pytest of the end-to-end tests, or with --index of the index's, after `--`
    #[arg(last = true, value_name = "PYTEST ARGS")]
    pub pytest: Vec<String>,
}

/// Options of `soak`.
#[derive(Debug, Default, Args)]
pub struct SoakArgs {
    /// How long load and faults go on; the comparison comes after that
    #[arg(long, default_value_t = 20.0)]
    pub minutes: f64,
    /// Repeats the faults and acts of an earlier run [default: a new one, which is printed]
    #[arg(long)]
    pub seed: Option<u32>,
    #[command(flatten)]
    pub own: OwnStackArgs,
    /// For the soak itself, after `--`: `--only <kind of fault>`
    #[arg(last = true, value_name = "SOAK ARGS")]
    pub soak: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn up_takes_ports_and_host() {
        let cli = Cli::try_parse_from(["dev", "up", "--host", "local", "--api-port", "3100", "--free-ports"]).unwrap();
        let Command::Up(up) = cli.command else { panic!("not up") };
        assert_eq!((up.host, up.ports.api_port, up.ports.free_ports), (Some(Host::Local), Some(3100), true));
    }

    #[test]
    fn everything_after_the_dashes_is_for_pytest() {
        let cli = Cli::try_parse_from(["dev", "test", "--no-unit", "--", "-k", "send", "--no-header"]).unwrap();
        let Command::Test(test) = cli.command else { panic!("not test") };
        assert!(test.no_unit);
        assert_eq!(test.pytest, ["-k", "send", "--no-header"]);
        assert!(Cli::try_parse_from(["dev", "test", "--index", "--no-unit"]).is_err());
    }

    #[test]
    fn a_soak_has_a_length_and_a_seed() {
        let cli =
            Cli::try_parse_from(["dev", "soak", "--minutes", "1.5", "--seed", "7", "--", "--only", "kill"]).unwrap();
        let Command::Soak(soak) = cli.command else { panic!("not soak") };
        assert_eq!((soak.minutes, soak.seed), (1.5, Some(7)));
        assert_eq!(soak.soak, ["--only", "kill"]);
    }

    #[test]
    fn services_have_their_stack_file_names() {
        let cli = Cli::try_parse_from(["dev", "restart", "ws-relay", "--kill"]).unwrap();
        let Command::Restart(restart) = cli.command else { panic!("not restart") };
        assert!(restart.kill && restart.service == Name::WsRelay);
        assert!(Cli::try_parse_from(["dev", "restart", "redis"]).is_err());
    }
}

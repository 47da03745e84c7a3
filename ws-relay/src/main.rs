//! The native sidecar of DAARION Messaging, for work that outlives a request: it publishes the outbox to NATS, carries
//! the channels' events to WebSockets, and migrates the database.

mod access;
mod app;
mod backlog;
mod check;
mod database;
mod drain;
mod environment;
mod event;
mod http;
mod http_client;
mod live;
mod log;
mod log_queue;
mod metrics;
mod migrate;
mod nats;
mod or_never;
mod outbox;
mod own_session;
mod ping;
mod previews;
mod replay;
mod requests;
mod rooms;
mod schema;
mod serve;
mod settings;
mod socket;
mod sparingly;
mod tls;
mod typing;
mod webhooks;
mod words;

use anyhow::{Context, bail};
use replay::Replay;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
ws-relay                        publish the outbox to NATS and serve WebSockets
ws-relay migrate [--wait SECS]  bring the database to the newest schema and exit; waits for a database that
                                is not up yet (60)
ws-relay migrate --check        say whether this version and the database fit, and change nothing. Exit code 0: they do;
                                2: `ws-relay migrate` comes first; 3: this version is too old; 1: it cannot be told
ws-relay replay --since WHEN [--channel ID]
                                have events published to NATS again, of the day that is kept: from a time on
                                (2026-01-31T12:00:00Z, or 90s, 30m, 6h ago), or from a channel's number on. The
                                relay that publishes does it; this waits until it has
ws-relay reconcile [--channel ID …] [--since TIME]
                                have indexed what rooms' histories have and the homeserver never pushed: in every
                                channel, or in these; since a time (RFC 3339) or since the last time
ws-relay reindex [--channel ID …]
                                have search find the messages of before, in every channel or in these, newest first;
                                what was done stays done when it is stopped and begun again
ws-relay check [--json] [--registration FILE] [--app-connections N]
                                look at settings, database, NATS, homeserver and app, change nothing, and say what is
                                wrong and what to do; exits with 1 for warnings and 2 for faults. FILE is the
                                application service's registration; N how many connections the app may hold where a
                                pooler is in front of it
ws-relay hold --channel ID (--reason TEXT | --release)
                                keep retention and erasure from deleting anything of a channel, or let them again; waits
                                until what had begun is over
ws-relay erase --person ID [--yes]
                                redact in Matrix and remove here what a person (user:alice, agent:sofia, @bob:server) has
                                said, and whatever else names them; the relay that publishes does it, this shows how far it
                                is; without --yes it asks first
ws-relay export (--channel ID | --person ID) --to FOLDER
                                write down what is kept of a channel or a person, with what Matrix has of messages and the
                                bytes of their files; a run that was cut off goes on when it is begun again
ws-relay --help | --version";

enum Command {
    Serve,
    Migrate(Duration),
    CheckSchema,
    Replay(Replay),
    Reconcile(rooms::command::Wanted),
    Reindex(rooms::reindex::Wanted),
    Check(check::Wanted),
    Hold(rooms::hold::Wanted),
    Erase(rooms::erase::Wanted),
    Export(rooms::export::Wanted),
    Print(String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = command(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).and_then(run);
    match result {
        Ok(code) => code,
        Err(e) => {
            eprintln!("ws-relay: {e:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(arguments: &[&str]) -> anyhow::Result<Command> {
    Ok(match arguments {
        [] => Command::Serve,
        ["migrate"] => Command::Migrate(Duration::from_secs(60)),
        ["migrate", "--check"] => Command::CheckSchema,
        ["migrate", "--wait", seconds] => {
            Command::Migrate(Duration::from_secs(seconds.parse().context("--wait takes seconds")?))
        }
        ["replay", "--since", since] => Command::Replay(Replay::parse(since, None)?),
        ["replay", "--since", since, "--channel", channel] | ["replay", "--channel", channel, "--since", since] => {
            Command::Replay(Replay::parse(since, Some(channel))?)
        }
        ["--help" | "-h" | "help"]
        | ["check" | "erase" | "export" | "hold" | "migrate" | "reconcile" | "reindex" | "replay", "--help" | "-h"] => {
            Command::Print(format!("{USAGE}\n\n{}", settings::HELP))
        }
        ["check", words @ ..] => Command::Check(check::Wanted::read(words)?),
        ["erase", words @ ..] => Command::Erase(rooms::erase::Wanted::read(words)?),
        ["export", words @ ..] => Command::Export(rooms::export::Wanted::read(words)?),
        ["hold", words @ ..] => Command::Hold(rooms::hold::Wanted::read(words)?),
        ["reindex", words @ ..] => Command::Reindex(rooms::reindex::Wanted::read(words)?),
        ["reconcile", words @ ..] => Command::Reconcile(rooms::command::Wanted::read(words)?),
        ["--version" | "-V"] => Command::Print(format!("ws-relay {}", env!("CARGO_PKG_VERSION"))),
        other => bail!("unknown arguments: {}\n\n{USAGE}", other.join(" ")),
    })
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let command = match command {
        Command::Print(text) => {
            println!("{text}");
            return Ok(ExitCode::SUCCESS);
        }
        // It says everything itself.
        Command::Check(wanted) => {
            let code = runtime.block_on(check::run(wanted));
            runtime.shutdown_background();
            return Ok(code);
        }
        command => command,
    };
    let log = log::start()?;
    let setting = environment::read(|name| std::env::var(name).ok())?;
    let done = runtime.block_on(async {
        let done = match command {
            Command::CheckSchema => {
                let database = database::Database::new(&settings::migration_database_url(&setting)?, 1)?;
                let (report, code) = migrate::check(&database).await?;
                println!("{report}");
                return Ok(ExitCode::from(code));
            }
            Command::Migrate(patience) => {
                let database = database::Database::new(&settings::migration_database_url(&setting)?, 1)?;
                migrate::run(&database, &migrate::Roles::read(setting), patience).await
            }
            Command::Replay(replay) => {
                let database = database::Database::new(&settings::database_url(setting)?, 1)?;
                replay.run(&database).await
            }
            Command::Reconcile(wanted) => rooms::command::run(wanted, setting).await,
            Command::Erase(wanted) => rooms::erase::run(wanted, setting).await,
            Command::Export(wanted) => rooms::export::run(wanted, setting).await,
            Command::Hold(wanted) => rooms::hold::run(wanted, setting).await,
            Command::Reindex(wanted) => rooms::reindex::run(wanted, setting).await,
            _ => serve::run(setting).await,
        };
        done.map(|()| ExitCode::SUCCESS)
    });
    // A thread that hangs in a file or in the resolver of names has nothing to say any more.
    runtime.shutdown_background();
    log.finish();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_make_no_sense_are_refused() {
        assert!(matches!(command(&[]), Ok(Command::Serve)));
        assert!(matches!(command(&["migrate", "--wait", "5"]), Ok(Command::Migrate(d)) if d.as_secs() == 5));
        assert!(command(&["migrate", "--wait", "soon"]).is_err());
        assert!(matches!(command(&["migrate", "--check"]), Ok(Command::CheckSchema)));
        assert!(command(&["migrate", "--check", "now"]).is_err());
        assert!(command(&["serve", "now"]).is_err());
        assert!(matches!(command(&["replay", "--since", "6h"]), Ok(Command::Replay(_))));
        assert!(command(&["replay"]).is_err());
        assert!(command(&["replay", "--since", "7"]).is_err());
    }
}

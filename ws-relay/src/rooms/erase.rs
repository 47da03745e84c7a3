//! `ws-relay erase`: has a person erased, and shows how far it is. The relay that publishes goes on with it when this is stopped.

use super::call::{Failure, Messaging};
use crate::settings;
use anyhow::{Context, anyhow, bail};
use messaging_core::ids::EntityId;
use messaging_core::life::{Erasure, ErasurePhase};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pause between two looks, and the time between two lines of progress.
const PAUSE: Duration = Duration::from_secs(1);
const PROGRESS: Duration = Duration::from_secs(10);
/// So many looks in a row may fail.
const FAILURES: u32 = 10;

/// Who.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    person: EntityId,
    is_sure: bool,
}

impl Wanted {
    /// Reads the arguments behind `erase`.
    pub fn read(arguments: &[&str]) -> anyhow::Result<Self> {
        let (person, is_sure) = match arguments {
            ["--person", id] => (id, false),
            ["--person", id, "--yes"] | ["--yes", "--person", id] => (id, true),
            _ => bail!("erase takes --person ID and perhaps --yes"),
        };
        Ok(Self { person: EntityId::parse(person).context("--person")?, is_sure })
    }
}

/// Begins it, and waits until it is finished; the error names channels on hold.
pub async fn run(wanted: Wanted, setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let settings = settings::messaging(&setting)?.context("set MESSAGING_URL and INTERNAL_SECRET")?;
    let messaging = Messaging::new(&settings)?;
    if !wanted.is_sure && !confirmed(&wanted.person)? {
        bail!("nothing was done");
    }
    let mut erasure = messaging.erase(wanted.person.as_str()).await.map_err(error)?;
    println!("erasure {}: {} becomes {}", erasure.id, wanted.person, erasure.anonymous_id);
    let (mut told, mut failures) = (Instant::now(), 0);
    while erasure.phase != ErasurePhase::Finished {
        sleep(PAUSE).await;
        match messaging.erasure(erasure.id).await {
            Ok(now) => (erasure, failures) = (now, 0),
            Err(failure) if failures >= FAILURES => return Err(error(failure)),
            Err(_) => failures += 1,
        }
        if told.elapsed() > PROGRESS {
            println!("{}", text(&erasure));
            told = Instant::now();
        }
    }
    println!("{}", text(&erasure));
    if !erasure.held_channel_ids.is_empty() {
        let held: Vec<_> = erasure.held_channel_ids.iter().map(ToString::to_string).collect();
        bail!("nothing was erased in channels on hold, ask again when that has ended: {}", held.join(" "));
    }
    Ok(())
}

fn confirmed(person: &EntityId) -> anyhow::Result<bool> {
    println!("What {person} has said in every channel is redacted in Matrix and removed here. There is no way back.");
    println!("Type their id to go on:");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == person.as_str())
}

fn text(erasure: &Erasure) -> String {
    let phase: &str = erasure.phase.into();
    format!("{phase}: {} events redacted, {} to go", erasure.removed, erasure.waiting)
}

fn error(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Gone => anyhow!("there is nobody of that id"),
        Failure::Channel(e) | Failure::App(e) => e,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_in_full() {
        assert!(!Wanted::read(&["--person", "user:alice"]).unwrap().is_sure);
        assert!(Wanted::read(&["--yes", "--person", "@bob:server"]).unwrap().is_sure);
        for odd in [&["--person"] as &[_], &["--person", "alice"], &["user:alice"], &[], &["--person", "x:y", "--yes"]]
        {
            assert!(Wanted::read(odd).is_err(), "{odd:?}");
        }
    }
}

//! `ws-relay export`: what is kept of a channel or of a person, into a folder. The app reads it, a page a call; here it is
//! written down, so that a run that was cut off goes on.
//!
//! A part is a file of lines, and each page's lines are on the disk before the place behind them is noted.

mod folder;

use super::call::{Failure, Messaging};
use crate::settings;
use anyhow::{Context, anyhow, bail};
use folder::{Folder, Place};
use messaging_core::ids::EntityId;
use messaging_core::life::{CHANNEL_PARTS, ExportPage, PERSON_PARTS};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// The time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// How often a call is tried that failed, and the pause before that.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);
/// How many of the things that could not be had are named.
const NAMED: usize = 1_000;

/// The parts whose lines name content of the homeserver's repository.
const WITH_CONTENT: [&str; 2] = ["files", "uploads"];

/// Of what.
#[derive(Debug, PartialEq, Eq)]
pub enum Scope {
    /// A channel.
    Channel(Uuid),
    /// A person.
    Person(EntityId),
}

impl Scope {
    fn parts(&self) -> [&'static str; 6] {
        match self {
            Self::Channel(_) => CHANNEL_PARTS,
            Self::Person(_) => PERSON_PARTS,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Channel(id) => format!("channel {id}"),
            Self::Person(id) => format!("person {id}"),
        }
    }
}

/// Of what, and where to.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    scope: Scope,
    to: PathBuf,
}

impl Wanted {
    /// Reads the arguments behind `export`.
    pub fn read(arguments: &[&str]) -> anyhow::Result<Self> {
        let (scope, id, to) = match arguments {
            [scope @ ("--channel" | "--person"), id, "--to", to]
            | ["--to", to, scope @ ("--channel" | "--person"), id] => (*scope, *id, *to),
            _ => bail!("export takes --channel ID or --person ID, and --to FOLDER"),
        };
        let scope = match scope {
            "--channel" => Scope::Channel(id.parse().context("--channel takes the id of a channel")?),
            _ => Scope::Person(EntityId::parse(id).context("--person")?),
        };
        Ok(Self { scope, to: PathBuf::from(to) })
    }
}

/// Goes on where the folder is; the error says how much could not be had.
pub async fn run(wanted: Wanted, setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let settings = settings::messaging(&setting)?.context("set MESSAGING_URL and INTERNAL_SECRET")?;
    let messaging = Messaging::new(&settings)?;
    let mut export =
        Export { messaging, folder: Folder::open(&wanted.to, &wanted.scope.text())?, told: Instant::now(), lines: 0 };
    for (number, part) in wanted.scope.parts().into_iter().enumerate() {
        export.part(&wanted.scope, number, part).await?;
    }
    export.contents(wanted.scope.parts().len()).await?;
    let missing = export.folder.finish()?;
    println!("{} is in {}", wanted.scope.text(), wanted.to.display());
    if missing.is_empty() {
        return Ok(());
    }
    for line in missing.iter().take(NAMED) {
        println!("missing: {line}");
    }
    bail!("{} things could not be had: missing.ndjson names them", missing.len())
}

struct Export {
    messaging: Messaging,
    folder: Folder,
    told: Instant,
    lines: u64,
}

impl Export {
    /// The lines of a part, from where it was left.
    async fn part(&mut self, scope: &Scope, number: usize, part: &'static str) -> anyhow::Result<()> {
        let Some(mut after) = self.folder.place_in(number) else { return Ok(()) };
        loop {
            let page = self.page(scope, part, after.as_deref()).await?;
            for item in page.items {
                if let Some(reason) = item.get("missing") {
                    let id = item.get("message").and_then(|message| message.get("id"));
                    self.folder.missing(&json!({"message_id": id, "reason": reason}))?;
                }
                self.folder.line(part, &Value::Object(item))?;
                self.lines += 1;
            }
            self.tell(part);
            let Some(next) = page.next else { break };
            self.folder.note(Place { part: number, after: Some(next.clone()) })?;
            after = Some(next);
        }
        self.folder.note(Place { part: number + 1, after: None })
    }

    /// The bytes of every content that a line names, each once.
    async fn contents(&mut self, number: usize) -> anyhow::Result<()> {
        let Some(after) = self.folder.place_in(number) else { return Ok(()) };
        let mut addresses = BTreeSet::new();
        for part in WITH_CONTENT {
            for line in self.folder.lines(part)? {
                let line: Value = serde_json::from_str(&line)?;
                let uris = [line.get("content_uri"), line.pointer("/file/thumbnail_uri")];
                addresses.extend(uris.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
            }
        }
        for uri in addresses.into_iter().filter(|uri| after.as_ref().is_none_or(|after| uri > after)) {
            let had = self.content(&uri).await?;
            match had {
                Some(line) => self.folder.line("contents", &line)?,
                None => self.folder.missing(&json!({"content_uri": uri, "reason": "not_found"}))?,
            }
            self.tell("contents");
            self.folder.note(Place { part: number, after: Some(uri) })?;
        }
        self.folder.note(Place { part: number + 1, after: None })
    }

    async fn content(&self, uri: &str) -> anyhow::Result<Option<Value>> {
        let Some((server, media)) = uri.strip_prefix("mxc://").and_then(|place| place.split_once('/')) else {
            return Ok(None);
        };
        let mut tries = 1;
        loop {
            let (mut file, name) = self.folder.content(server, media)?;
            match self.messaging.download(server, media, &mut file).await {
                Ok(Some((bytes, sha256))) => {
                    self.folder.keep(&name)?;
                    return Ok(Some(json!({"content_uri": uri, "path": name, "bytes": bytes, "sha256": sha256})));
                }
                Ok(None) => return Ok(None),
                Err(e) if tries == TRIES => return Err(e.context(format!("{uri} cannot be had now: run it again"))),
                Err(_) => tries += 1,
            }
            sleep(PAUSE).await;
        }
    }

    async fn page(&self, scope: &Scope, part: &str, after: Option<&str>) -> anyhow::Result<ExportPage> {
        let mut tries = 1;
        loop {
            let failure = match scope {
                Scope::Channel(id) => self.messaging.export_channel(*id, part, after).await,
                Scope::Person(id) => self.messaging.export_person(id.as_str(), part, after).await,
            };
            match failure {
                Ok(page) => return Ok(page),
                Err(Failure::Gone) => bail!("there is no {}", scope.text()),
                Err(Failure::Channel(e) | Failure::App(e)) if tries == TRIES => {
                    return Err(anyhow!("{e:#}: what is there stays, run it again"));
                }
                Err(_) => tries += 1,
            }
            sleep(PAUSE).await;
        }
    }

    fn tell(&mut self, part: &str) {
        if self.told.elapsed() > PROGRESS {
            println!("{part}: {} lines written", self.lines);
            self.told = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_or_a_person_goes_to_a_folder() {
        let id = Uuid::from_u128(7);
        let wanted = Wanted::read(&["--channel", &id.to_string(), "--to", "there"]).unwrap();
        assert_eq!(wanted, Wanted { scope: Scope::Channel(id), to: "there".into() });
        assert!(Wanted::read(&["--to", "there", "--person", "user:alice"]).is_ok());
        for odd in [&["--channel", "x", "--to", "there"] as &[_], &["--person", "user:alice"], &[], &["--to", "there"]]
        {
            assert!(Wanted::read(odd).is_err(), "{odd:?}");
        }
    }
}

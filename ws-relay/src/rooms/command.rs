//! `ws-relay reconcile`: by hand, for some channels or for all.

use super::call::{Failure, Messaging};
use super::described;
use crate::database::Database;
use crate::settings;
use anyhow::{Context, bail};
use messaging_core::reconcile::Reconciled;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Channels that are read at once.
const PAGE: usize = 200;
/// A line of progress comes after so many.
const PROGRESS: usize = 25;
/// How often a call is tried that the app could not take.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// Which channels, and since when.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// None: every one that is not archived.
    pub channels: Vec<Uuid>,
    /// RFC 3339; where the last comparison has ended, when it is left out.
    pub since: Option<String>,
}

impl Wanted {
    /// Reads the arguments behind `reconcile`.
    pub fn read(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} takes a value"))?;
            match *word {
                "--channel" => wanted.channels.push(value.parse().context("--channel takes the id of a channel")?),
                "--since" => wanted.since = Some((*value).to_owned()),
                other => bail!("unknown argument of reconcile: {other}"),
            }
        }
        Ok(wanted)
    }
}

/// Compares them all; the error says how many could not be.
pub async fn run(wanted: Wanted, setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let settings = settings::messaging(&setting)?.context("set MESSAGING_URL and INTERNAL_SECRET")?;
    let messaging = Messaging::new(&settings)?;
    let mut total = Total::default();
    if wanted.channels.is_empty() {
        let database = Database::new(&settings::database_url(&setting)?, 1)?;
        let mut last = Uuid::nil();
        loop {
            let page = channels_behind(&database, last).await?;
            for channel in &page {
                total.add(&messaging, *channel, wanted.since.as_deref()).await?;
            }
            match page.last() {
                Some(id) if page.len() == PAGE => last = *id,
                _ => break,
            }
        }
    }
    for channel in wanted.channels {
        total.add(&messaging, channel, wanted.since.as_deref()).await?;
    }
    println!("{}", total.text());
    if total.failed > 0 {
        bail!("{} channels could not be compared with their rooms", total.failed);
    }
    Ok(())
}

async fn channels_behind(database: &Database, id: Uuid) -> anyhow::Result<Vec<Uuid>> {
    let sql = "SELECT id FROM public.channels WHERE archived_at IS NULL AND id > $1 ORDER BY id LIMIT $2";
    let rows = database.query(sql, &[&id, &i64::try_from(PAGE)?]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// What all channels together came to.
#[derive(Default)]
struct Total {
    channels: usize,
    failed: usize,
    found: Reconciled,
}

impl Total {
    /// Compares one more. An app that does not respond ends it.
    async fn add(&mut self, messaging: &Messaging, channel: Uuid, since: Option<&str>) -> anyhow::Result<()> {
        let mut found = Reconciled::default();
        let result = compare(messaging, channel, since, &mut found).await;
        self.channels += 1;
        self.found.add(&found);
        if let Some(repaired) = described(&found) {
            println!("{channel}: {repaired}");
        }
        match result {
            Ok(()) => {}
            Err(Failure::Gone) => {
                self.failed += 1;
                println!("{channel}: there is no such channel");
            }
            Err(Failure::Channel(e)) => {
                self.failed += 1;
                println!("{channel}: {e:#}");
            }
            Err(Failure::App(e)) => {
                println!("{}", self.text());
                return Err(e);
            }
        }
        if self.channels.is_multiple_of(PROGRESS) {
            println!("{}", self.text());
        }
        Ok(())
    }

    fn text(&self) -> String {
        format!(
            "{} channels, {} events looked at, {} known, repaired: {}, set aside: {}, failed: {}",
            self.channels,
            self.found.looked_at,
            self.found.known,
            described(&self.found).as_deref().unwrap_or("nothing"),
            self.found.set_aside,
            self.failed,
        )
    }
}

/// Compares a channel to its end, with a rest after each run.
async fn compare(
    messaging: &Messaging,
    channel: Uuid,
    since: Option<&str>,
    found: &mut Reconciled,
) -> Result<(), Failure> {
    let (mut since, mut tries) = (since, 0);
    loop {
        let began = Instant::now();
        match messaging.reconcile(channel, since, 0).await {
            Ok(run) => {
                found.add(&run);
                (since, tries) = (None, 0);
                if !run.has_more {
                    return Ok(());
                }
                sleep(began.elapsed()).await;
            }
            Err(Failure::App(_)) if tries < TRIES => {
                tries += 1;
                sleep(PAUSE).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_and_a_beginning_can_be_named() {
        assert_eq!(Wanted::read(&[]).unwrap(), Wanted::default());
        let id = Uuid::from_u128(7);
        let wanted = Wanted::read(&["--channel", &id.to_string(), "--since", "2026-01-01T00:00:00Z"]).unwrap();
        assert_eq!((wanted.channels, wanted.since.is_some()), (vec![id], true));
        assert!(Wanted::read(&["--channel"]).is_err() && Wanted::read(&["--channel", "x"]).is_err());
        assert!(Wanted::read(&["now", "x"]).is_err());
    }
}

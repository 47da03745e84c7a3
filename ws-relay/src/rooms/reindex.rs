//! `ws-relay reindex`: has search find the messages that it does not find yet. The app reads them, some of a channel a call; here
//! is decided which channel is next.
//!
//! The channels take turns, each with its newest messages first. What has been done is in the database, so a run that was cut
//! off is begun again and goes on.

use super::call::{Failure, Messaging};
use super::unsearched::count;
use crate::database::Database;
use crate::settings;
use anyhow::{Context, bail};
use messaging_core::ids::MessageId;
use messaging_core::reindex::Reindexed;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// The time between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// How often a call is tried that failed, and the pause before that.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);
/// So many channels that fail in a row are not at fault themselves.
const FAILURES: usize = 3;
/// How many of the messages that could not be read are named.
const NAMED: usize = 1_000;
/// Up to where is counted what there is to do.
const MOST: i32 = 1_000_000;

/// Which channels.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// None: every one.
    pub channels: Vec<Uuid>,
}

impl Wanted {
    /// Reads the arguments behind `reindex`.
    pub fn read(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match (*word, words.next()) {
                ("--channel", Some(id)) => {
                    wanted.channels.push(id.parse().context("--channel takes the id of a channel")?);
                }
                ("--channel", None) => bail!("--channel takes a value"),
                (other, _) => bail!("unknown argument of reindex: {other}"),
            }
        }
        Ok(wanted)
    }
}

/// Goes through them all; the error says how many messages or channels failed.
pub async fn run(wanted: Wanted, setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let settings = settings::messaging(&setting)?.context("set MESSAGING_URL and INTERNAL_SECRET")?;
    let messaging = Messaging::new(&settings)?;
    let mut channels = wanted.channels;
    if channels.is_empty() {
        let database = Database::new(&settings::database_url(&setting)?, 1)?;
        let due = count(&database, MOST).await?;
        let least = if due == i64::from(MOST) { "at least " } else { "" };
        println!("{least}{due} messages are known to be due");
        channels = newest_first(&database).await?;
    }
    let mut total = Total::default();
    let result = total.go_through(&messaging, channels).await;
    println!("{}", total.text());
    total.name_unreadable();
    result?;
    if total.failed > 0 || total.broken > 0 {
        bail!("{} messages and {} channels failed: run it again", total.failed, total.broken);
    }
    Ok(())
}

/// Every channel, those first in which something was said last. Archived ones can be read as well.
async fn newest_first(database: &Database) -> anyhow::Result<Vec<Uuid>> {
    let sql = "SELECT id FROM public.channels ORDER BY active_at DESC NULLS LAST, id";
    database.query(sql, &[]).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Where a channel is.
struct Turn {
    channel: Uuid,
    before: Option<i64>,
    tries: u32,
}

/// What all channels together came to.
#[derive(Default)]
struct Total {
    looked_at: u64,
    indexed: u64,
    unreadable: usize,
    named: Vec<(Uuid, MessageId)>,
    /// Messages that could not be read, and channels that could not be gone through.
    failed: usize,
    broken: usize,
    left: usize,
}

impl Total {
    async fn go_through(&mut self, messaging: &Messaging, channels: Vec<Uuid>) -> anyhow::Result<()> {
        let mut turns: VecDeque<_> =
            channels.into_iter().map(|channel| Turn { channel, before: None, tries: 0 }).collect();
        let (mut told, mut failures) = (Instant::now(), 0);
        while let Some(turn) = turns.pop_front() {
            self.left = turns.len() + 1;
            if told.elapsed() > PROGRESS {
                println!("{}", self.text());
                told = Instant::now();
            }
            let began = Instant::now();
            let result = messaging.reindex(turn.channel, turn.before).await;
            let may_try = turn.tries + 1 < TRIES;
            match result {
                Ok(done) if !done.failed.is_empty() && may_try => {
                    self.add(turn.channel, &done);
                    turns.push_front(Turn { tries: turn.tries + 1, ..turn });
                    sleep(PAUSE).await;
                }
                Ok(done) => {
                    // A turn that is tried again looks at the same ones again.
                    self.looked_at += done.looked_at;
                    self.add(turn.channel, &done);
                    failures = if done.failed.is_empty() { 0 } else { failures + 1 };
                    if !done.failed.is_empty() {
                        self.failed += done.failed.len();
                        println!("{}: {} messages cannot be read now", turn.channel, done.failed.len());
                    }
                    if let Some(next) = done.next {
                        turns.push_back(Turn { before: Some(next), tries: 0, ..turn });
                    }
                    if done.indexed > 0 {
                        // Sending comes first.
                        sleep(began.elapsed()).await;
                    }
                }
                Err(Failure::Gone) => {
                    self.broken += 1;
                    println!("{}: there is no such channel", turn.channel);
                }
                Err(Failure::App(_) | Failure::Channel(_)) if may_try => {
                    turns.push_front(Turn { tries: turn.tries + 1, ..turn });
                    sleep(PAUSE).await;
                }
                Err(Failure::Channel(e)) => {
                    (self.broken, failures) = (self.broken + 1, failures + 1);
                    println!("{}: {e:#}", turn.channel);
                }
                Err(Failure::App(e)) => return Err(e),
            }
            if failures >= FAILURES {
                bail!("{failures} channels in a row failed: what is done stays, run it again later");
            }
        }
        self.left = 0;
        Ok(())
    }

    fn add(&mut self, channel: Uuid, done: &Reindexed) {
        self.indexed += done.indexed;
        self.unreadable += done.unreadable.len();
        let room = NAMED.saturating_sub(self.named.len());
        self.named.extend(done.unreadable.iter().take(room).map(|message| (channel, *message)));
    }

    fn text(&self) -> String {
        format!(
            "{} messages looked at, {} indexed, {} of them not in Matrix any more, {} failed; {} channels to go",
            self.looked_at, self.indexed, self.unreadable, self.failed, self.left,
        )
    }

    fn name_unreadable(&self) {
        if self.unreadable > 0 {
            println!("Matrix does not give these any more; they are found by what the index has of them:");
        }
        for (channel, message) in &self.named {
            println!("  channel {channel} message {message}");
        }
        if self.unreadable > self.named.len() {
            println!("  and {} more", self.unreadable - self.named.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_can_be_named() {
        assert_eq!(Wanted::read(&[]).unwrap(), Wanted::default());
        let id = Uuid::from_u128(7);
        assert_eq!(Wanted::read(&["--channel", &id.to_string()]).unwrap().channels, [id]);
        for odd in [&["--channel"] as &[_], &["--channel", "x"], &["now"], &["--since", "x"]] {
            assert!(Wanted::read(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_up_to_a_bound() {
        let mut total = Total::default();
        let message = MessageId::of_event("$x");
        for _ in 0..3 {
            total.add(Uuid::nil(), &Reindexed { unreadable: vec![message; 400], ..Reindexed::default() });
        }
        assert_eq!((total.unreadable, total.named.len()), (1_200, NAMED));
    }
}

//! `ws-relay replay`: has events published again by hand. It notes in the database what is wanted, and the relay that
//! publishes does it, in order and between what is new.

use crate::database::Database;
use crate::outbox::PUBLISHER_LOCK;
use anyhow::{Context, bail};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The pause between two looks at what is left.
const LOOK: Duration = Duration::from_secs(1);
/// How long nothing may happen before it is given up to wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// From where on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Since {
    /// From this time on, as PostgreSQL reads it.
    Time(String),
    /// From so many seconds ago on.
    Ago(i64),
    /// From a channel's number on.
    Seq(Seq),
}

/// What is to be published again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    since: Since,
    channel: Option<ChannelId>,
}

impl Replay {
    /// Reads the arguments; the error is a sentence for the operator.
    pub fn parse(since: &str, channel: Option<&str>) -> anyhow::Result<Self> {
        let channel = channel.map(|id| ChannelId::parse(id).context("--channel takes a UUID"));
        let channel = channel.transpose()?;
        let number = |digits: &str| digits.parse::<i64>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
        let ago = |unit, seconds: i64| number(since.strip_suffix(unit)?)?.checked_mul(seconds);
        let ago = ago('s', 1).or_else(|| ago('m', 60)).or_else(|| ago('h', 3600)).or_else(|| ago('d', 86_400));
        let since = match (number(since), ago) {
            (Some(_), _) if channel.is_none() => bail!("a number is a channel's: name the channel with --channel"),
            (Some(seq), _) => Since::Seq(seq),
            (_, Some(seconds)) => Since::Ago(seconds),
            _ if since.contains('T') => Since::Time(since.to_owned()),
            _ => bail!("--since takes a time (2026-01-31T12:00:00Z, 90s, 30m, 6h) or, with --channel, a number"),
        };
        Ok(Self { since, channel })
    }

    /// Asks for it, and waits until it is done.
    pub async fn run(&self, database: &Database) -> anyhow::Result<()> {
        let (generation, total) = self.ask(database).await?;
        if total == 0 {
            println!("nothing to publish again: the outbox keeps events for a day");
            return Ok(());
        }
        println!("{total} events are published again, in generation {generation}");
        if !is_published(database).await? {
            println!("no relay publishes at the moment; the first one that does begins with it");
        }
        let (mut before, mut since) = (total, Instant::now());
        loop {
            sleep(LOOK).await;
            let left = left(database, generation).await?;
            if left != before {
                println!("{} of {total}", (total - left).max(0));
                (before, since) = (left, Instant::now());
            }
            if left == 0 {
                println!("NATS has them");
                return Ok(());
            }
            if since.elapsed() > PATIENCE {
                bail!("nothing has happened for {PATIENCE:?}; the {left} events that are left stay noted");
            }
        }
    }

    /// Notes what is wanted in a generation of its own, which it returns, and how many events that are: counted by the same
    /// statement, as a relay begins at once.
    async fn ask(&self, database: &Database) -> anyhow::Result<(i64, i64)> {
        let (time, ago, seq) = match &self.since {
            Since::Time(time) => (Some(time.as_str()), None, None),
            Since::Ago(seconds) => (None, Some(*seconds), None),
            Since::Seq(seq) => (None, None, Some(*seq)),
        };
        let sql = "WITH raised AS (
                       UPDATE messaging.event_stream SET generation = greatest(
                           generation + 1, extract(epoch FROM now())::bigint) RETURNING generation),
                   wanted AS (
                       INSERT INTO messaging.refills AS r (channel_id, seq, generation)
                       SELECT o.channel_id, min(o.seq), (SELECT generation FROM raised) FROM public.outbox o
                       WHERE o.subject LIKE 'messaging.%' AND (o.published_at IS NOT NULL OR o.set_aside_at IS NOT NULL)
                           AND ($1::text IS NULL OR o.created_at >= $1::timestamptz)
                           AND ($2::bigint IS NULL OR o.created_at >= now() - make_interval(secs => $2))
                           AND ($3::bigint IS NULL OR o.seq >= $3) AND ($4::uuid IS NULL OR o.channel_id = $4)
                           AND EXISTS (SELECT FROM raised)
                       GROUP BY o.channel_id
                       ON CONFLICT (channel_id) DO UPDATE SET seq = least(r.seq, EXCLUDED.seq),
                           generation = EXCLUDED.generation
                       RETURNING channel_id, seq)
                   SELECT generation, (
                       SELECT count(*) FROM wanted w JOIN public.outbox o ON o.channel_id = w.channel_id AND o.seq >= w.seq
                       WHERE o.subject LIKE 'messaging.%' AND (o.published_at IS NOT NULL OR o.set_aside_at IS NOT NULL)),
                       pg_notify('outbox', '') FROM raised";
        let rows = database.query(sql, &[&time, &ago, &seq, &self.channel.map(|channel| channel.0)]).await?;
        let row = rows.first().context("no relay has published to NATS yet, so there is nothing to publish again")?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }
}

/// How many events of a generation are left.
async fn left(database: &Database, generation: i64) -> anyhow::Result<i64> {
    let sql = "SELECT count(*) FROM messaging.refills r JOIN public.outbox o ON o.channel_id = r.channel_id
                   AND o.seq >= r.seq AND o.subject LIKE 'messaging.%'
                   AND (o.published_at IS NOT NULL OR o.set_aside_at IS NOT NULL)
               WHERE r.generation = $1";
    Ok(database.query(sql, &[&generation]).await?.first().context("no row")?.try_get(0)?)
}

/// Whether a relay holds the publisher's lock.
async fn is_published(database: &Database) -> anyhow::Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                   AND classid::bigint << 32 | objid::bigint = $1
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    Ok(database.query(sql, &[&PUBLISHER_LOCK]).await?.first().context("no row")?.try_get(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(text: &str) -> Option<Since> {
        Replay::parse(text, Some("00000000-0000-0000-0000-000000000001")).ok().map(|replay| replay.since)
    }

    #[test]
    fn a_time_an_age_or_a_number_can_be_told_apart() {
        assert_eq!(since("2026-01-31T12:00:00Z"), Some(Since::Time("2026-01-31T12:00:00Z".to_owned())));
        assert_eq!(
            [since("90s"), since("30m"), since("6h"), since("1d")],
            [90, 1800, 21_600, 86_400].map(|s| Some(Since::Ago(s)))
        );
        assert_eq!(since("41"), Some(Since::Seq(41)));
        for wrong in ["", "yesterday", "-5m", "+5", "h", "5 m"] {
            assert_eq!(since(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_needs_a_channel_and_a_channel_is_an_id() {
        assert!(Replay::parse("41", None).is_err());
        assert!(Replay::parse("6h", None).is_ok());
        assert!(Replay::parse("6h", Some("general")).is_err());
    }
}

//! The statements about what the stream holds, on the publisher's own connection.

use super::inventory::Held;
use super::store::Store;
use super::stream::Holding;
use crate::event::Event;
use anyhow::Context;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;

/// Rows that one statement changes at most where it need not change all at once.
const BATCH: i64 = 10_000;

/// Published rows that the stream should hold and does not, of its first place, its last one, whether it keeps all and for
/// how long. What has no place was looked for in the stream; in one that drops what is too much, it is missing only
/// behind what is there.
const LOST: &str = "o.subject LIKE 'messaging.%' AND o.published_at > now() - make_interval(secs => $4)
    AND o.set_aside_at IS NULL AND (
        o.stream_seq > $2 OR $3 AND (o.stream_seq IS NULL OR o.stream_seq < $1)
        OR o.stream_seq IS NULL AND o.id > (SELECT coalesce(max(id), 0) FROM public.outbox WHERE stream_seq IS NOT NULL))";

/// A channel that has to be sent again, with the number to begin with and its generation.
pub type Lost = (ChannelId, Seq, i64);

/// What is known of the stream.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// See [`Holding::created`]; empty when nothing is known.
    pub created: String,
    /// See [`Holding::holes`].
    pub holes: i64,
    /// Up to here every message was found in the outbox.
    pub last: i64,
    /// The generation of events that have to be sent with new ids now: no other one was the same.
    pub next_generation: i64,
    /// Up to this one, ids of the outbox were used for other events.
    pub reused_to: i64,
    /// The generation of new events with such ids.
    pub reused_generation: i64,
}

impl Record {
    /// The generation in which a new event is published.
    pub fn generation_of(&self, id: i64) -> i64 {
        if id <= self.reused_to { self.reused_generation } else { 0 }
    }
}

/// What became of a page of the stream.
pub struct Placed {
    /// Events that the outbox did not know to be published.
    pub found: i64,
    /// The highest id under which the stream has an event that the outbox does not have, 0 if there is none.
    pub foreign_to: i64,
}

impl Store {
    /// What is known.
    pub async fn record(&self) -> anyhow::Result<Record> {
        let sql = "SELECT s.created, s.holes, s.last_seq, s.reused_to, s.reused_generation,
                       greatest(coalesce(s.generation, 0) + 1, extract(epoch FROM now())::bigint)
                   FROM (SELECT) one LEFT JOIN messaging.event_stream s ON true";
        let rows = self.query(sql, &[]).await?;
        let row = rows.first().context("no row")?;
        let number = |n: usize| row.try_get::<_, Option<i64>>(n).map(Option::unwrap_or_default);
        Ok(Record {
            created: row.try_get::<_, Option<String>>(0)?.unwrap_or_default(),
            holes: number(1)?,
            last: number(2)?,
            reused_to: number(3)?,
            reused_generation: number(4)?,
            next_generation: number(5)?,
        })
    }

    /// Notes what is known; `generation` is the newest one.
    pub async fn save(&self, record: &Record, generation: i64) -> anyhow::Result<()> {
        let sql = "INSERT INTO messaging.event_stream AS s
                       (created, holes, last_seq, reused_to, reused_generation, generation)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (is_only) DO UPDATE SET created = EXCLUDED.created, holes = EXCLUDED.holes,
                       last_seq = EXCLUDED.last_seq, reused_to = EXCLUDED.reused_to,
                       reused_generation = EXCLUDED.reused_generation,
                       generation = greatest(s.generation, EXCLUDED.generation)";
        let Record { created, holes, last, reused_to, reused_generation, .. } = record;
        self.change(sql, &[created, holes, last, reused_to, reused_generation, &generation]).await?;
        Ok(())
    }

    /// Notes how far the stream has come, when everything that was published is marked.
    pub async fn seen(&self, holding: &Holding) -> anyhow::Result<()> {
        let sql = "UPDATE messaging.event_stream SET last_seq = $1, holes = $2
                   WHERE created = $3 AND (last_seq, holes) IS DISTINCT FROM ($1, $2)";
        self.change(sql, &[&holding.last, &holding.holes, &holding.created]).await?;
        Ok(())
    }

    /// Whether events were published of which nobody noted the place, as earlier versions do.
    pub async fn has_unplaced(&self) -> anyhow::Result<bool> {
        let sql = "SELECT EXISTS (SELECT FROM public.outbox o WHERE o.subject LIKE 'messaging.%'
                       AND o.published_at IS NOT NULL AND o.stream_seq IS NULL AND o.set_aside_at IS NULL
                       AND NOT EXISTS (SELECT FROM messaging.refills r
                                       WHERE r.channel_id = o.channel_id AND r.seq <= o.seq))";
        Ok(self.query(sql, &[]).await?.first().context("no row")?.try_get(0)?)
    }

    /// The last place that an event of the outbox has.
    pub async fn last_place(&self) -> anyhow::Result<i64> {
        let sql = "SELECT coalesce(max(stream_seq), 0) FROM public.outbox WHERE stream_seq IS NOT NULL";
        Ok(self.query(sql, &[]).await?.first().context("no row")?.try_get(0)?)
    }

    /// Forgets all places: they are those of another stream.
    pub async fn forget_places(&self) -> anyhow::Result<()> {
        let sql = "UPDATE public.outbox SET stream_seq = NULL WHERE id IN (
                       SELECT id FROM public.outbox WHERE stream_seq IS NOT NULL ORDER BY stream_seq LIMIT $1)";
        while self.change(sql, &[&BATCH]).await? > 0 {}
        Ok(())
    }

    /// Notes the places of these events, which are thereby published. With `is_tail` nothing of them can have been
    /// deleted from the outbox.
    pub async fn place(&self, page: &[Held], is_tail: bool) -> anyhow::Result<Placed> {
        let ids: Vec<_> = page.iter().map(|held| held.id).collect();
        let event_ids: Vec<_> = page.iter().map(|held| held.event_id).collect();
        let places: Vec<_> = page.iter().map(|held| held.place).collect();
        let sql = "WITH held AS (
                       SELECT id, event_id, max(place) AS place
                       FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) AS h (id, event_id, place) GROUP BY 1, 2),
                   ours AS (
                       SELECT o.id, held.place, o.published_at IS NULL AS is_found FROM held
                       JOIN public.outbox o USING (id, event_id) ORDER BY o.id FOR NO KEY UPDATE OF o),
                   placed AS (
                       UPDATE public.outbox o SET stream_seq = ours.place, set_aside_at = NULL, personal = NULL,
                           published_at = coalesce(o.published_at, now())
                       FROM ours WHERE ours.id = o.id)
                   SELECT (SELECT count(*) FROM ours WHERE is_found),
                       (SELECT coalesce(max(h.id), 0) FROM held h LEFT JOIN public.outbox o ON o.id = h.id
                        WHERE o.event_id IS DISTINCT FROM h.event_id AND ($4 OR o.id IS NOT NULL OR h.id > (
                            SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('public.outbox', 'id')), 0))))";
        let rows = self.query(sql, &[&ids, &event_ids, &places, &is_tail]).await?;
        let row = rows.first().context("no row")?;
        Ok(Placed { found: row.try_get(0)?, foreign_to: row.try_get(1)? })
    }

    /// Notes what has to be sent again because the stream does not hold it: of each channel everything from the first lost
    /// event on, so that it is in order there. Returns how many channels that are.
    pub async fn note_lost(&self, holding: &Holding, generation: i64) -> anyhow::Result<u64> {
        let sql = format!(
            "INSERT INTO messaging.refills AS r (channel_id, seq, generation)
             SELECT o.channel_id, min(o.seq), $5 FROM public.outbox o WHERE {LOST} GROUP BY o.channel_id
             ON CONFLICT (channel_id) DO UPDATE SET seq = EXCLUDED.seq, generation = EXCLUDED.generation
             WHERE EXCLUDED.seq < r.seq"
        );
        let Holding { first, last, keeps_all, max_age, .. } = holding;
        self.change(&sql, &[first, last, keeps_all, max_age, &generation]).await
    }

    /// Whether an event of the outbox has a place that the stream does not have and should.
    pub async fn is_misplaced(&self, holding: &Holding) -> anyhow::Result<bool> {
        let sql = "SELECT EXISTS (SELECT FROM public.outbox WHERE stream_seq > $2
                       AND published_at > now() - make_interval(secs => $4))
                   OR $3 AND EXISTS (SELECT FROM public.outbox WHERE stream_seq < $1
                       AND published_at > now() - make_interval(secs => $4))";
        let Holding { first, last, keeps_all, max_age, .. } = holding;
        let rows = self.query(sql, &[first, last, keeps_all, max_age]).await?;
        Ok(rows.first().context("no row")?.try_get(0)?)
    }

    /// The channels that have to be sent again.
    pub async fn refills(&self) -> anyhow::Result<Vec<Lost>> {
        let rows = self.query("SELECT channel_id, seq, generation FROM messaging.refills", &[]).await?;
        rows.iter().map(|row| Ok((ChannelId(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?))).collect()
    }

    /// The events that were published of these channels, each from a number on and in its generation: at most `limit` of
    /// each channel.
    pub async fn published(&self, channels: &[Lost], limit: usize) -> anyhow::Result<Vec<Event>> {
        let ids: Vec<_> = channels.iter().map(|(channel, ..)| channel.0).collect();
        let positions: Vec<_> = channels.iter().map(|(_, seq, _)| *seq).collect();
        let sql = format!(
            "SELECT {} FROM unnest($1::uuid[], $2::bigint[]) AS f (channel_id, seq), LATERAL (
                 SELECT * FROM public.outbox WHERE channel_id = f.channel_id AND seq >= f.seq
                 AND subject LIKE 'messaging.%' AND (published_at IS NOT NULL OR set_aside_at IS NOT NULL)
                 ORDER BY seq LIMIT $3) o",
            Event::COLUMNS
        );
        let mut events = self.events(&sql, &[&ids, &positions, &i64::try_from(limit)?]).await?;
        for event in &mut events {
            let channel = channels.iter().find(|(channel, ..)| *channel == event.channel);
            event.generation = channel.map_or(0, |(_, _, generation)| *generation);
        }
        Ok(events)
    }

    /// Notes from which number on a channel still has to be sent again in this generation; `None`: that was all.
    pub async fn refilled(&self, channel: ChannelId, generation: i64, next: Option<Seq>) -> anyhow::Result<()> {
        let sql = match next {
            Some(_) => "UPDATE messaging.refills SET seq = $3 WHERE channel_id = $1 AND generation = $2",
            None => "DELETE FROM messaging.refills WHERE channel_id = $1 AND generation = $2 AND $3::bigint IS NULL",
        };
        self.change(sql, &[&channel.0, &generation, &next]).await?;
        Ok(())
    }
}

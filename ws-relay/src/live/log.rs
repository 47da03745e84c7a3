//! The outbox as the log from which a subscriber catches up.

use crate::database::{Database, DatabaseError};
use crate::event::Event;
use crate::live::frame::{FrameType, LoggedFrame};
use crate::live::hub::Position;
use messaging_core::event::{EventType, Seq};
use messaging_core::ids::{ChannelId, EntityId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use strum::VariantArray;
use tokio_postgres::Row;

/// Events that one read returns at most: about as many as fit into [`PAGE_BYTES`].
const PAGE: usize = 250;
/// Events about the memberships of one person that one read returns at most.
const MEMBERSHIPS: usize = 100;
/// Bytes of text in a page at most, unless one frame alone has more: so much of a page waits for a slow socket.
const PAGE_BYTES: usize = 256 * 1024;

/// Events of one channel, in order, and where the channel stood when they were read.
#[derive(Debug, Clone)]
pub struct LogPage {
    /// At most [`PAGE`] frames, fewer where they are large. The first may have a higher number than the next one, because old events are deleted.
    pub frames: Vec<Arc<LoggedFrame>>,
    /// The channel's last number in the same snapshot.
    pub head: Seq,
}

/// The subjects of the events whose frames carry the message and nothing else of their payload.
fn message_subjects() -> Vec<&'static str> {
    let is_message = |event: &&EventType| event.frame_members() == Some(&["message"]);
    EventType::VARIANTS.iter().filter(is_message).map(|event| event.subject()).collect()
}

/// Reads the events of `channel` after number `after`; `None` when there is no such channel any more.
///
/// Of most events only the message is written out as text, which is half of their payload and all that a frame carries of it.
pub async fn read(database: &Database, channel: ChannelId, after: Seq) -> Result<Option<LogPage>, DatabaseError> {
    let sql = format!(
        "SELECT {columns}, c.last_seq, o.message FROM public.channels c LEFT JOIN LATERAL (
             SELECT *, CASE WHEN subject = ANY ($3) THEN (payload -> 'message')::text END AS message
             FROM public.outbox WHERE channel_id = c.id AND seq > $2 AND subject LIKE 'messaging.%'
             ORDER BY seq LIMIT {PAGE}) o ON true
         WHERE c.id = $1 ORDER BY o.seq",
        columns =
            Event::COLUMNS.replace(Event::PAYLOAD, "CASE WHEN o.message IS NULL THEN o.payload::text ELSE '' END")
    );
    let rows = database.query(&sql, &[&channel.0, &after, &message_subjects()]).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let head = first.try_get(Event::WIDTH)?;
    let mut frames = Vec::with_capacity(rows.len());
    for row in &rows {
        // A channel without events after that number is one row without an event.
        if row.try_get::<_, Option<i64>>(0)?.is_none() {
            break;
        }
        let event = Event::from_row(row)?;
        let Some(frame_type) = FrameType::of_subject(&event.subject) else { continue };
        let frame = match row.try_get::<_, Option<&str>>(Event::WIDTH + 1)? {
            Some(message) => Ok(LoggedFrame::of_message(&event, frame_type, message)),
            None => LoggedFrame::of_event(&event, frame_type),
        };
        match frame {
            Ok(frame) => frames.push(Arc::new(frame)),
            Err(e) => tracing::error!(outbox_id = event.id, "an outbox row has a payload that is no object: {e}"),
        }
    }
    frames.truncate(fitting(frames.iter().map(|frame| frame.text.len())));
    Ok(Some(LogPage { frames, head }))
}

/// How many frames of these sizes fit into a page.
fn fitting(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0usize;
    sizes
        .take_while(|size| {
            let fits = bytes == 0 || bytes.saturating_add(*size) <= PAGE_BYTES;
            bytes = bytes.saturating_add(*size);
            fits
        })
        .count()
}

/// How a channel stands in the database, compared with how far it has come on a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// It has come to this number.
    At(Seq),
    /// It has come to this number, and what was handed out under the last numbers is not what they are: the database was
    /// restored from a copy.
    Other(Seq),
    /// It is gone.
    Gone,
}

/// Compares positions with the database: returns the channels that stand otherwise.
pub async fn differing(
    database: &Database,
    seen: &[(ChannelId, Position)],
) -> Result<Vec<(ChannelId, Head)>, DatabaseError> {
    let ids: Vec<_> = seen.iter().map(|(channel, _)| channel.0).collect();
    let positions: Vec<_> = seen.iter().map(|(_, position)| position.seq).collect();
    let event_ids: Vec<_> = seen.iter().map(|(_, at)| at.frame.as_ref().and_then(|frame| frame.event_id())).collect();
    // A number is committed before it is handed out, so no position is ahead of the database that it came from.
    let sql = "SELECT f.id, f.seq, c.last_seq, c.last_seq < f.seq OR EXISTS (
                   SELECT FROM public.outbox o WHERE o.channel_id = f.id AND o.seq = f.seq
                   AND o.subject LIKE 'messaging.%' AND o.event_id <> f.event_id) AS is_other
               FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS f (id, seq, event_id)
               LEFT JOIN public.channels c ON c.id = f.id";
    let sql =
        format!("SELECT id, last_seq, is_other FROM ({sql}) d WHERE last_seq IS NULL OR is_other OR last_seq > seq");
    let rows = database.query(&sql, &[&ids, &positions, &event_ids]).await?;
    let head = |row: &Row| -> Result<Head, DatabaseError> {
        Ok(match row.try_get::<_, Option<Seq>>(1)? {
            None => Head::Gone,
            Some(head) if row.try_get(2)? => Head::Other(head),
            Some(head) => Head::At(head),
        })
    };
    rows.iter().map(|row| Ok((ChannelId(row.try_get(0)?), head(row)?))).collect()
}

/// Events about people's memberships.
pub struct Found {
    /// Whom each event is about, and how old it is, the oldest first.
    pub frames: Vec<(EntityId, Arc<LoggedFrame>, Duration)>,
    /// Those of whom one read does not return everything, and the age of the last event that it returns.
    pub incomplete: HashMap<EntityId, Duration>,
}

/// Reads the events about the memberships of each of these people that are younger than the age beside them, the first
/// [`MEMBERSHIPS`] for each.
pub async fn memberships(database: &Database, since: &[(&EntityId, Duration)]) -> Result<Found, DatabaseError> {
    let (ids, ages): (Vec<_>, Vec<_>) = since.iter().map(|(id, age)| (id.as_str(), age.as_secs_f64())).unzip();
    // Written as the index outbox_memberships has it.
    let sql = format!(
        "SELECT {columns}, extract(epoch FROM now() - o.created_at)::float8, q.n
         FROM unnest($1::text[], $2::float8[]) WITH ORDINALITY AS q (id, age, n) CROSS JOIN LATERAL (
             SELECT * FROM public.outbox e
             WHERE coalesce(e.payload ->> 'member_id', e.payload ->> 'created_by') = q.id
                 AND (e.subject LIKE 'messaging.member.%' OR e.subject = 'messaging.channel.created')
                 AND e.created_at > now() - make_interval(secs => q.age)
             ORDER BY e.created_at, e.id LIMIT {MEMBERSHIPS}) o
         ORDER BY o.created_at, o.id",
        columns = Event::COLUMNS
    );
    let mut found = Found { frames: Vec::new(), incomplete: HashMap::new() };
    let mut rows_of: HashMap<i64, usize> = HashMap::new();
    for row in database.query(&sql, &[&ids, &ages]).await? {
        let n: i64 = row.try_get(Event::WIDTH + 1)?;
        let Some((id, _)) = usize::try_from(n).ok().and_then(|n| since.get(n.checked_sub(1)?)) else { continue };
        let age = Duration::try_from_secs_f64(row.try_get(Event::WIDTH)?).unwrap_or_default();
        let rows = rows_of.entry(n).or_default();
        *rows += 1;
        if *rows == MEMBERSHIPS {
            found.incomplete.insert((*id).clone(), age);
        }
        let event = Event::from_row(&row)?;
        let frame = FrameType::of_subject(&event.subject).map(|frame_type| LoggedFrame::of_event(&event, frame_type));
        if let Some(Ok(frame)) = frame {
            found.frames.push(((*id).clone(), Arc::new(frame), age));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_bound_in_bytes_and_at_least_one_frame() {
        assert_eq!(fitting([].into_iter()), 0);
        assert_eq!(fitting([1000; PAGE].into_iter()), PAGE);
        assert_eq!(fitting([PAGE_BYTES / 4; 6].into_iter()), 4);
        assert_eq!(fitting([PAGE_BYTES * 2, 1].into_iter()), 1);
        assert_eq!(fitting([1, PAGE_BYTES, 1].into_iter()), 1);
    }
}

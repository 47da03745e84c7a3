//! The outbox as the log from which a subscriber catches up.

use crate::database::{Database, DatabaseError};
use crate::event::Event;
use crate::live::frame::{FrameType, LoggedFrame};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::sync::Arc;

/// Events that one read returns at most.
const PAGE: usize = 100;
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

/// Reads the events of `channel` after number `after`; `None` when there is no such channel any more.
pub async fn read(database: &Database, channel: ChannelId, after: Seq) -> Result<Option<LogPage>, DatabaseError> {
    let sql = format!(
        "SELECT {columns}, c.last_seq FROM public.channels c LEFT JOIN LATERAL (
             SELECT * FROM public.outbox WHERE channel_id = c.id AND seq > $2 AND subject LIKE 'messaging.%'
             ORDER BY seq LIMIT {PAGE}) o ON true
         WHERE c.id = $1 ORDER BY o.seq",
        columns = Event::COLUMNS
    );
    let rows = database.query(&sql, &[&channel.0, &after]).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let head = first.try_get(6)?;
    let mut frames = Vec::with_capacity(rows.len());
    for row in &rows {
        // A channel without events after that number is one row without an event.
        if row.try_get::<_, Option<i64>>(0)?.is_none() {
            break;
        }
        let event = Event::from_row(row)?;
        match FrameType::of_subject(&event.subject).map(|frame_type| LoggedFrame::of_event(&event, frame_type)) {
            Some(Ok(frame)) => frames.push(Arc::new(frame)),
            Some(Err(e)) => tracing::error!(outbox_id = event.id, "an outbox row has a payload that is no object: {e}"),
            None => {}
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

/// Compares positions with the database: returns the channels whose last number is beyond `seen`, with that
/// number, and those that are gone, without one.
pub async fn behind(
    database: &Database,
    seen: &[(ChannelId, Seq)],
) -> Result<Vec<(ChannelId, Option<Seq>)>, DatabaseError> {
    let (ids, positions): (Vec<_>, Vec<_>) = seen.iter().map(|(channel, seq)| (channel.0, *seq)).unzip();
    let sql = "SELECT f.id, c.last_seq FROM unnest($1::uuid[], $2::bigint[]) AS f (id, seq)
               LEFT JOIN public.channels c ON c.id = f.id WHERE c.id IS NULL OR c.last_seq > f.seq";
    let rows = database.query(sql, &[&ids, &positions]).await?;
    rows.iter().map(|row| Ok((ChannelId(row.try_get(0)?), row.try_get(1)?))).collect()
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

//! Compares the stream with the outbox: what has it lost, and does it know more than the database?
//!
//! At the start of a session the places that the outbox noted are compared with those that the stream has. A stream that
//! is not the one of before is read through. Behind the last place are messages that nobody noted: those whose
//! publisher died, and those that a database does not know which was restored from a copy. Then this copy's ids come
//! again for other events, and get a generation.

use super::inventory::{From, Inventory};
use super::nats_session::NatsSession;
use super::record::Record;
use super::store::Store;
use super::stream::{Holding, look};
use crate::metrics::Metrics;
use anyhow::bail;
use async_nats::jetstream;
use async_nats::jetstream::stream::Stream;
use messaging_core::advisory::Advisory;

/// Compares at the start of a session; what has to be sent again is noted.
pub async fn begin(store: &Store, nats: &NatsSession, stream: &Stream, metrics: &Metrics) -> anyhow::Result<Record> {
    let holding = Holding::of(stream.cached_info());
    let mut record = store.record().await?;
    let generation = record.next_generation;
    let is_known = record.created == holding.created
        && (record.holes >= holding.holes || !holding.keeps_all)
        && !store.has_unplaced().await?;
    let from = if is_known {
        From::Behind(record.last.max(store.last_place().await?))
    } else {
        store.forget_places().await?;
        From::TheDay
    };
    let (mut found, mut foreign_to) = (0, 0);
    let mut inventory = Inventory::begin(stream, from).await?;
    loop {
        let page = inventory.page().await?;
        if page.is_empty() {
            break;
        }
        let placed = store.place(&page, is_known).await?;
        (found, foreign_to) = (found + placed.found, placed.foreign_to.max(foreign_to));
    }
    if found > 0 {
        tracing::info!("NATS has {found} events that were not marked as published");
    }
    if foreign_to > 0 {
        tracing::warn!(
            "NATS has events that the database does not know: it was restored from a copy. New events whose ids were \
             used before ({foreign_to} and less) are published in generation {generation}"
        );
        metrics.database_restores.inc();
        nats.advise(&Advisory::DatabaseRestored { generation }).await;
        record.reused_to = record.reused_to.max(foreign_to);
        record.reused_generation = generation;
    }
    let channels = store.note_lost(&holding, generation).await?;
    if channels > 0 {
        tracing::warn!(
            "NATS has lost events of {channels} channels; they are published again in generation {generation}"
        );
    }
    let is_raised = channels > 0 || foreign_to > 0;
    record = Record { created: holding.created, holes: holding.holes, last: holding.last, ..record };
    store.save(&record, if is_raised { generation } else { 0 }).await?;
    Ok(record)
}

/// Looks whether the stream still is what it was, when everything that was published is marked; an error when not.
pub async fn watch(store: &Store, jetstream: &jetstream::Context, record: &mut Record) -> anyhow::Result<()> {
    let holding = Holding::of(&look(jetstream).await?);
    if holding.created != record.created {
        bail!("the stream was made anew");
    }
    if holding.keeps_all && holding.holes > record.holes || store.is_misplaced(&holding).await? {
        bail!("the stream has lost events");
    }
    if (holding.last, holding.holes) != (record.last, record.holes) {
        store.seen(&holding).await?;
        (record.last, record.holes) = (holding.last, holding.holes);
    }
    Ok(())
}

//! POST `/internal/messaging/channels/:channel_id/reconcile`: indexes what a room's history has and nobody pushed.
//!
//! First the way back to where everything is known, page by page; then on from there, oldest first, through the same
//! `apply` that pushes take; at the end the room's state. After each page the place is noted, so a long history takes
//! several runs, and one that is cut off loses nothing but its last page. The place stays in front of the last page that
//! there is: what comes behind it, or late into it, is seen by the next run.

mod compare;
mod history;

use crate::apply::apply_missing;
use crate::event::{Event, Here};
use crate::forward;
use history::Entry;
use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::ids::ChannelId;
use messaging_core::paths::ChannelPath;
use messaging_core::reconcile::{ReconcileQuery, Reconciled};
use messaging_edge::acts::{self, ClosedRoom};
use messaging_edge::gateway::{Direction, Gateway, HistoryPage};
use messaging_edge::index::channels::{ResumedVisibility, resume_visibility};
use messaging_edge::index::reconcile::{Begun, begin_reconcile, end_reconcile, find_unindexed, move_reconcile};
use messaging_edge::{Path, Problem, Query, RequestId, Response, log};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many events a page has: with their edits in them, which the homeserver puts there, they fit into a response.
const PAGE: u32 = 50;
/// How many pages a run goes back at most, and how many it goes on.
const MAX_BACKWARDS: usize = 40;
const MAX_FORWARDS: usize = 20;
/// No further page is begun beyond this time.
const PATIENCE: Duration = Duration::from_secs(20);

type Place = (Direction, Option<String>);

/// Goes on with a channel, or begins anew.
pub async fn reconcile(
    _: Internal,
    Path(at): Path<ChannelPath>,
    Query(query): Query<ReconcileQuery>,
    RequestId(request_id): RequestId,
) -> Result<Response, Problem> {
    let here = Here::of_request(&request_id).await?;
    let begun = begin_reconcile(at.channel_id, query.since.as_deref(), query.min_age).await?;
    let mut run = Run {
        channel_id: at.channel_id,
        place: (begun.direction, begun.place.clone()),
        gateway: Gateway::from_settings().await?,
        here: &here,
        began: Instant::now(),
        found: Reconciled::default(),
        begun,
    };
    let ended = run.run().await;
    if run.found.repaired.total() > 0 {
        let counts = run.found.repaired.by_kind().map(|(kind, count)| format!("{kind} {count}"));
        log::info(&request_id, &format!("the channel {} was repaired: {}", at.channel_id, counts.join(", ")));
    }
    ended?;
    Response::json(StatusCode::OK, &run.found)
}

/// How far a run has come.
enum Reached {
    /// There is more.
    Part,
    /// The end; with events that are left to the homeserver, or not.
    End { is_whole: bool },
}

struct Run<'a> {
    channel_id: ChannelId,
    begun: Begun,
    place: Place,
    gateway: Gateway,
    here: &'a Here,
    began: Instant,
    found: Reconciled,
}

impl Run<'_> {
    async fn run(&mut self) -> Result<(), Problem> {
        let is_there = self.place.0 == Direction::Forwards || self.go_back().await?;
        let reached = if is_there { self.go_on().await? } else { Reached::Part };
        let Reached::End { is_whole } = reached else {
            self.found.has_more = true;
            return Ok(());
        };
        let compared = compare::compare(&self.begun, &self.gateway, self.here).await?;
        self.found.repaired.state += compared.state;
        self.found.repaired.memberships += compared.memberships;
        self.hide_what_was_opened().await?;
        let is_whole = is_whole && compared.is_whole;
        let last_seq = is_whole.then_some(self.begun.last_seq);
        let with_members = is_whole && self.begun.with_members;
        Ok(end_reconcile(self.channel_id, &self.begun.room_id, last_seq, with_members).await?)
    }

    /// Where a change of the visibility was cut off, or Matrix has crossed it, a closed room may still be listed.
    async fn hide_what_was_opened(&self) -> Result<(), Problem> {
        let ResumedVisibility { actor_id: Some(actor), visibility } = resume_visibility(self.channel_id).await? else {
            return Ok(());
        };
        let at = ClosedRoom { channel_id: self.channel_id, room_id: &self.begun.room_id, visibility };
        acts::hide_closed(&self.gateway, &actor, at, &self.here.request_id).await
    }

    async fn read(&self, place: &Place) -> Result<HistoryPage, Problem> {
        self.gateway.history(&self.begun.room_id, place.0, place.1.as_deref(), PAGE).await
    }

    /// Notes the place; `false` when another run has gone on meanwhile.
    async fn move_to(&mut self, place: Place) -> Result<bool, Problem> {
        let (from, to) = ((self.place.0, self.place.1.as_deref()), (place.0, place.1.as_deref()));
        let moved = move_reconcile(self.channel_id, &self.begun.room_id, from, to).await?;
        self.place = place;
        Ok(moved)
    }

    /// Looks for the place to begin at; `false` when it is further away.
    async fn go_back(&mut self) -> Result<bool, Problem> {
        for _ in 0..MAX_BACKWARDS {
            let page = self.read(&self.place).await?;
            let is_there = page.end.is_none() || history::is_old(&page, &self.begun, self.here);
            let direction = if is_there { Direction::Forwards } else { Direction::Backwards };
            if !self.move_to((direction, page.end)).await? {
                return Ok(false);
            }
            if is_there || self.began.elapsed() > PATIENCE {
                return Ok(is_there);
            }
        }
        Ok(false)
    }

    /// Indexes what is missing behind the place.
    async fn go_on(&mut self) -> Result<Reached, Problem> {
        let mut page = self.read(&self.place).await?;
        for pages in 1.. {
            if !self.index(&page).await? {
                return Ok(Reached::End { is_whole: false });
            }
            let Some(end) = page.end else { break };
            let next = (Direction::Forwards, Some(end));
            if pages >= MAX_FORWARDS || self.began.elapsed() > PATIENCE {
                self.move_to(next).await?;
                return Ok(Reached::Part);
            }
            page = self.read(&next).await?;
            if page.events.is_empty() && page.end.is_none() {
                break;
            }
            if !self.move_to(next).await? {
                return Ok(Reached::Part);
            }
        }
        Ok(Reached::End { is_whole: true })
    }

    /// Indexes what is missing of a page; `false` when some of it is left to the homeserver.
    async fn index(&mut self, page: &HistoryPage) -> Result<bool, Problem> {
        let mut entries = history::entries(page, &self.begun, self.here);
        let young = entries.iter().position(|entry| self.is_young(&entry.event));
        entries.truncate(young.unwrap_or(entries.len()));
        let looked_at = if young.is_some() { entries.len() } else { page.events.len() };
        let before = find_unindexed(&self.begun.room_id, &history::heads(&entries)).await?;
        entries.retain(|entry| before.unindexed.contains(&entry.event.event_id));
        let (repaired, set_aside) = if entries.is_empty() { (0, 0) } else { self.repair(&entries).await? };
        let set_aside = set_aside + before.set_aside.len();
        self.found.looked_at += count(looked_at);
        self.found.known += count(looked_at.saturating_sub(set_aside + repaired));
        self.found.set_aside += count(set_aside);
        Ok(young.is_none())
    }

    /// Applies events as if they were pushed; returns how many changed something and how many were set aside.
    async fn repair(&mut self, entries: &[Entry]) -> Result<(usize, usize), Problem> {
        let (mut changed, mut last_seq) = (BTreeSet::new(), None);
        for entry in entries {
            if entry.is_state() && last_seq.is_none() {
                last_seq = Some(self.last_seq().await?);
            }
            apply_missing(&entry.text, self.here, &self.here.request_id).await?;
            // The index keeps only the last state event; whether one has changed something its numbers tell.
            if entry.is_state() {
                let now = self.last_seq().await?;
                if last_seq.replace(now) != Some(now) {
                    changed.insert(entry.event.event_id.as_str());
                }
            } else {
                last_seq = None;
            }
        }
        let after = find_unindexed(&self.begun.room_id, &history::heads(entries)).await?;
        let is_left = |entry: &&Entry| after.unindexed.contains(&entry.event.event_id);
        let is_set_aside = |entry: &&Entry| after.set_aside.contains(&entry.event.event_id);
        let told = entries.iter().filter(|entry| !entry.is_state() && !is_left(entry) && !is_set_aside(entry));
        changed.extend(told.map(|entry| entry.event.event_id.as_str()));
        let repaired: Vec<_> = entries.iter().filter(|entry| changed.contains(entry.event.event_id.as_str())).collect();
        for entry in &repaired {
            entry.count(&mut self.found.repaired);
        }
        let texts: Vec<_> = repaired.iter().map(|entry| entry.text.clone()).collect();
        forward::queue(&texts, &BTreeSet::new(), &self.here.request_id).await?;
        Ok((repaired.len(), entries.iter().filter(is_set_aside).count()))
    }

    async fn last_seq(&self) -> Result<i64, Problem> {
        Ok(find_unindexed(&self.begun.room_id, &[]).await?.last_seq)
    }

    fn is_young(&self, event: &Event) -> bool {
        history::is_young(event, &self.begun, self.here)
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

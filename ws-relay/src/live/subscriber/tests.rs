//! What waits is bounded, and who waits is woken.

use super::*;
use crate::live::batch::Batch;
use crate::live::frame::LoggedFrame;
use futures_util::FutureExt;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::ops::RangeInclusive;
use uuid::Uuid;

const CHANNEL: ChannelId = ChannelId(Uuid::nil());

fn reload(seq: Seq) -> Delivery {
    Delivery::Reload(CHANNEL, seq)
}

fn ephemeral() -> Arc<EphemeralFrame> {
    Arc::new(EphemeralFrame { channel: CHANNEL, text: "{}".into() })
}

#[tokio::test]
async fn a_full_queue_cuts_the_socket_and_keeps_what_it_has() {
    let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 2, 100);
    assert!(subscriber.offer(reload(1)));
    assert!(subscriber.offer(reload(2)));
    assert!(!subscriber.offer(reload(3)));
    assert_eq!(cut.wait().await, CloseCode::SlowReader);
    assert!(matches!(queue.try_recv(), Some((0, Delivery::Reload(_, 1)))));
    assert!(matches!(queue.try_recv(), Some((0, Delivery::Reload(_, 2)))));
    assert!(queue.try_recv().is_none());
}

fn logged(seq: Seq, bytes: usize) -> Delivery {
    events(seq..=seq, bytes)
}

fn events(seqs: RangeInclusive<Seq>, bytes: usize) -> Delivery {
    let frames = seqs.map(|seq| Arc::new(LoggedFrame::example(seq, &"x".repeat(bytes))));
    Delivery::Logged(Arc::new(Batch::of(frames.collect()).unwrap()))
}

fn is_cut(cut: &Cut) -> bool {
    cut.0.reason.get().is_some()
}

#[tokio::test]
async fn too_many_bytes_cut_the_socket_although_there_is_room_for_more_frames() {
    let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 1000, 100);
    assert!(subscriber.offer(logged(1, 60)));
    assert!(subscriber.offer(logged(2, 40)));
    assert!(queue.try_recv().is_some());
    assert!(subscriber.offer(logged(3, 60)), "what was taken out counts no more");
    assert!(!subscriber.offer(logged(4, 1)));
    assert_eq!(cut.wait().await, CloseCode::SlowReader);
    assert_eq!(std::iter::from_fn(|| queue.try_recv()).count(), 2, "it keeps what it has");
    assert_eq!(queue.0.lock().bytes, 0);
}

#[test]
fn a_frame_that_is_larger_than_a_queue_may_be_gets_through_alone() {
    let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 1000, 100);
    assert!(subscriber.offer(logged(1, 5000)));
    assert!(queue.try_recv().is_some());
    assert!(subscriber.offer(logged(2, 5000)));
    assert!(!is_cut(&cut));
}

#[test]
fn ephemeral_frames_take_half_of_the_bytes() {
    let (subscriber, _queue, cut) = subscriber(SocketId::next(), 1000, 100);
    assert_eq!((0..1000).filter(|_| subscriber.offer_ephemeral(ephemeral())).count(), 25);
    assert!(subscriber.offer(logged(1, 50)));
    assert!(!is_cut(&cut));
}

#[test]
fn ephemeral_frames_take_half_of_the_queue_and_never_cut() {
    let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 8, 100);
    assert_eq!((0..10_000).filter(|_| subscriber.offer_ephemeral(ephemeral())).count(), 4);
    // The other half is there for logged frames, all of it.
    assert!((1..=4).all(|seq| subscriber.offer(reload(seq))));
    assert!(!subscriber.offer_ephemeral(ephemeral()));
    assert!(!is_cut(&cut));
    // Room for ephemeral frames comes back only below the half.
    for _ in 0..4 {
        queue.try_recv().unwrap();
        assert!(!subscriber.offer_ephemeral(ephemeral()));
    }
    queue.try_recv().unwrap();
    assert!(subscriber.offer_ephemeral(ephemeral()));
    assert!(!subscriber.offer_ephemeral(ephemeral()));
}

#[test]
fn a_queue_of_one_is_for_logged_frames_only_and_a_closed_one_takes_nothing() {
    let (one, queue, cut) = subscriber(SocketId::next(), 1, 100);
    assert!(!one.offer_ephemeral(ephemeral()));
    assert!(one.offer(reload(1)));
    drop(queue);
    assert!(!one.offer_ephemeral(ephemeral()));
    assert!(!one.offer(reload(2)));
    assert!(!is_cut(&cut));
}

#[test]
fn events_that_come_together_count_as_many_as_they_are() {
    let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 4, 1000);
    assert!(subscriber.offer(events(1..=9, 1)), "into an empty queue");
    assert!(!subscriber.offer_ephemeral(ephemeral()));
    assert!(queue.try_recv().is_some());
    assert!(subscriber.offer(events(10..=12, 1)) && subscriber.offer(events(13..=13, 1)));
    assert!(!is_cut(&cut));
    assert!(!subscriber.offer(events(14..=14, 1)));
    assert!(is_cut(&cut));
}

#[tokio::test]
async fn who_waits_is_woken() {
    let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 100, 1000);
    assert!(queue.recv().now_or_never().is_none() && cut.wait().now_or_never().is_none());
    let puts = tokio::spawn(async move { (1..=50).all(|seq| subscriber.offer(reload(seq))) });
    for seq in 1..=50 {
        assert!(matches!(queue.recv().await, (0, Delivery::Reload(_, n)) if n == seq));
    }
    assert!(puts.await.unwrap());
    assert!(queue.try_recv().is_none());
    assert!(queue.0.lock().deliveries.capacity() <= KEPT);
    let ends = cut.clone();
    let waits = tokio::spawn(async move { cut.wait().await });
    tokio::task::yield_now().await;
    ends.now(CloseCode::GoingAway);
    assert_eq!(waits.await.unwrap(), CloseCode::GoingAway);
}

#[tokio::test]
async fn the_first_reason_counts() {
    let (_subscriber, _queue, cut) = subscriber(SocketId::next(), 1, 100);
    cut.now(CloseCode::SlowReader);
    cut.now(CloseCode::GoingAway);
    assert_eq!(cut.wait().await, CloseCode::SlowReader);
}

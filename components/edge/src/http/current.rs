//! What a request has come near to, noted where the index is asked and told with the response, whatever comes of it.

use messaging_core::rate_limit::NearestLimit;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;

thread_local! {
    // An instance serves many requests at once, in turn: this holds what the one that is being polled has noted, and only then.
    static NOTED: Cell<Option<NearestLimit>> = const { Cell::new(None) };
}

/// Notes a limit for the response to the request that this is part of.
pub fn note(limit: NearestLimit) {
    NOTED.set(Some(limit));
}

/// The result, and the limit that was noted last.
pub async fn noting<T>(responding: impl Future<Output = T>) -> (T, Option<NearestLimit>) {
    let mut responding = pin!(responding);
    let mut noted = None;
    let response = poll_fn(|context| {
        NOTED.set(noted.take());
        let polled = responding.as_mut().poll(context);
        noted = NOTED.take();
        polled
    })
    .await;
    (response, noted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    fn limit(policy: &str) -> NearestLimit {
        NearestLimit { policy: policy.to_owned(), quota: 1, seconds: 1, remaining: 0, more_in: 1 }
    }

    /// Notes a limit in its first turn, and ends in its second.
    async fn request(policy: Option<&'static str>) {
        let mut turns = 0;
        poll_fn(|_| {
            turns += 1;
            if turns == 2 {
                return Poll::Ready(());
            }
            if let Some(policy) = policy {
                note(limit(policy));
            }
            Poll::Pending
        })
        .await;
    }

    #[test]
    fn each_request_has_its_own_note() {
        let requests = [Some("one"), None, Some("two")];
        let mut running: Vec<_> = requests.iter().map(|policy| Box::pin(noting(request(*policy)))).collect();
        let mut context = Context::from_waker(Waker::noop());
        for request in &mut running {
            assert!(request.as_mut().poll(&mut context).is_pending());
        }
        for (policy, request) in requests.iter().zip(&mut running) {
            let Poll::Ready(((), noted)) = request.as_mut().poll(&mut context) else { panic!("two turns are enough") };
            assert_eq!(noted, policy.map(limit));
        }
    }
}

//! The request that is being handled, for what is far from its handler: which request a line of the log or an outgoing call
//! belongs to, who calls, and what it has come near to.

use super::Request;
use http::{HeaderMap, HeaderValue};
use messaging_core::auth::Caller;
use messaging_core::rate_limit::NearestLimit;
use messaging_core::trace::{REQUEST_ID, TRACEPARENT, Trace};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;

thread_local! {
    // An instance serves many requests at once, in turn: this holds the one that is being polled, and only then.
    static CURRENT: RefCell<Option<Box<Current>>> = const { RefCell::new(None) };
}

/// What is known of a request.
#[derive(Debug, Clone)]
pub struct Current {
    /// The component that handles it.
    pub component: &'static str,
    /// Its id.
    pub request_id: String,
    /// Its trace.
    pub trace: Trace,
    /// What kind of caller it has, once that is checked.
    pub caller: Option<&'static str>,
    /// The limit that it has come nearest to.
    pub limit: Option<NearestLimit>,
}

impl Current {
    pub fn new(component: &'static str, request: &Request) -> Self {
        Self { component, request_id: request.id().to_owned(), trace: request.trace(), caller: None, limit: None }
    }
}

/// Runs what handles a request; gives its result and what was noted meanwhile.
pub async fn handling<T>(current: Current, work: impl Future<Output = T>) -> (T, Current) {
    let (mut work, fallback) = (pin!(work), current.clone());
    let mut held = Some(Box::new(current));
    let result = poll_fn(|context| {
        CURRENT.replace(held.take());
        let polled = work.as_mut().poll(context);
        held = CURRENT.take();
        polled
    })
    .await;
    (result, held.map_or(fallback, |current| *current))
}

fn change(change: impl FnOnce(&mut Current)) {
    CURRENT.with_borrow_mut(|current| current.as_deref_mut().map(change));
}

/// Reads something of the request that is being handled.
pub fn current<T>(read: impl FnOnce(&Current) -> T) -> Option<T> {
    CURRENT.with_borrow(|current| current.as_deref().map(read))
}

/// Notes a limit for the response.
pub fn note(limit: NearestLimit) {
    change(|current| current.limit = Some(limit));
}

/// Notes what kind of caller the request has, for its line in the log.
pub fn note_caller(kind: &'static str) {
    change(|current| current.caller = Some(kind));
}

/// Notes that a person or an agent calls.
pub fn note_entity(caller: &Caller) {
    note_caller(if caller.id().is_agent() { "agent" } else { "person" });
}

/// Says in the head of an outgoing request which request and which trace it belongs to.
pub fn sign(headers: &mut HeaderMap) {
    current(|current| {
        if let Ok(id) = HeaderValue::from_str(&current.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Ok(trace) = HeaderValue::from_str(&current.trace.to_string()) {
            headers.insert(TRACEPARENT, trace);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    fn current_of(id: &str) -> Current {
        let (component, request_id) = ("test", id.to_owned());
        Current { component, request_id, trace: Trace::begin(None, 1, 2), caller: None, limit: None }
    }

    fn limit(policy: &str) -> NearestLimit {
        NearestLimit { policy: policy.to_owned(), quota: 1, seconds: 1, remaining: 0, more_in: 1 }
    }

    /// Notes a limit in its first turn, and says in its second whose request this is.
    async fn request(policy: Option<&'static str>) -> HeaderMap {
        let mut turns = 0;
        poll_fn(|_| {
            turns += 1;
            if turns == 2 {
                let mut headers = HeaderMap::new();
                sign(&mut headers);
                return Poll::Ready(headers);
            }
            if let Some(policy) = policy {
                note(limit(policy));
                note_caller(policy);
            }
            Poll::Pending
        })
        .await
    }

    #[test]
    fn each_request_has_its_own_notes_and_its_own_name() {
        let requests = [Some("one"), None, Some("two")];
        let begin =
            |policy: &Option<&'static str>| Box::pin(handling(current_of(policy.unwrap_or("none")), request(*policy)));
        let mut running: Vec<_> = requests.iter().map(begin).collect();
        let mut context = Context::from_waker(Waker::noop());
        for request in &mut running {
            assert!(request.as_mut().poll(&mut context).is_pending());
        }
        for (policy, request) in requests.iter().zip(&mut running) {
            let Poll::Ready((headers, noted)) = request.as_mut().poll(&mut context) else { panic!("two are enough") };
            assert_eq!((noted.limit, noted.caller), (policy.map(limit), *policy));
            assert_eq!(headers.get(REQUEST_ID).unwrap().to_str().unwrap(), policy.unwrap_or("none"));
            assert_eq!(headers.get(TRACEPARENT).unwrap().to_str().unwrap(), Trace::begin(None, 1, 2).to_string());
        }
        assert!(current(|current| current.request_id.clone()).is_none(), "nothing is left between requests");
    }
}

//! How many sockets there may be: on this relay, and for each caller.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::ids::EntityId;
use messaging_core::problem::Problem;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Refused sockets that wait for their end at a time. Further ones are refused without a handshake.
const REFUSED: usize = 256;

/// How many sockets each caller has open.
type Callers = Arc<Mutex<HashMap<EntityId, usize>>>;

/// The places of this relay.
pub struct Places {
    sockets: Arc<Semaphore>,
    refused: Arc<Semaphore>,
    per_caller: usize,
    callers: Callers,
}

/// A place that is taken; free again when it is dropped.
pub struct Place {
    caller: Option<(EntityId, Callers)>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// `sockets` in all, `per_caller` for each caller.
    pub fn new(sockets: usize, per_caller: usize) -> Self {
        let sockets = Arc::new(Semaphore::new(sockets.min(Semaphore::MAX_PERMITS)));
        Self { sockets, refused: Arc::new(Semaphore::new(REFUSED)), per_caller, callers: Arc::default() }
    }

    /// Takes a place for a socket. The problem is a 429 when the caller has too many, a 503 when the relay has.
    pub fn take(&self, caller: Option<&Caller>) -> Result<Place, Problem> {
        let permit = self.sockets.clone().try_acquire_owned();
        let permit = permit.map_err(|_| Problem::unavailable("WS_MAX_SOCKETS are open"))?;
        let Some(id) = caller.map(|caller| caller.id().clone()) else {
            return Ok(Place { caller: None, _permit: permit });
        };
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let open = callers.entry(id.clone()).or_default();
        if *open >= self.per_caller {
            let detail = "You have too many sockets open. Close others first.";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_sockets", detail));
        }
        *open += 1;
        Ok(Place { caller: Some((id, self.callers.clone())), _permit: permit })
    }

    /// Takes a place for a socket that is closed at once; `None` when there is none.
    pub fn take_for_refusal(&self) -> Option<OwnedSemaphorePermit> {
        self.refused.clone().try_acquire_owned().ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((id, callers)) = &self.caller else { return };
        let mut callers = callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = callers.get_mut(id) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                callers.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::auth::Verifier;

    fn caller(id: &str) -> Caller {
        let development = Verifier::from_settings(|name| (name == "AUTH_MODE").then(|| "development".to_owned()));
        development.unwrap().development_caller(id).unwrap().caller
    }

    #[test]
    fn a_place_is_free_again_when_its_socket_has_ended() {
        let places = Places::new(3, 2);
        let (alice, bob) = (caller("user:alice"), caller("user:bob"));
        let first = places.take(Some(&alice)).ok().unwrap();
        let _second = places.take(Some(&alice)).ok().unwrap();
        let problem = |caller| places.take(caller).err().map(|problem| problem.status.as_u16());
        assert_eq!(problem(Some(&alice)), Some(429));
        let bobs = places.take(Some(&bob)).ok().unwrap();
        assert_eq!(problem(None), Some(503));
        drop(first);
        assert_eq!(problem(Some(&alice)), None);
        drop(bobs);
        assert_eq!(places.callers.lock().unwrap().len(), 1);
        let refused: Vec<_> = std::iter::from_fn(|| places.take_for_refusal()).collect();
        assert_eq!(refused.len(), REFUSED);
    }
}

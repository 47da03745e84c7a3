//! Instances of a component: made when none is free, reused, shared by concurrent requests, and dropped.
//!
//! wasmtime's own handler does the work, as it does in Spin; here are the numbers it asks for.

use std::{
    future::Future,
    ops::RangeInclusive,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use rand::distr::uniform::SampleUniform;
use tokio::time::Sleep;
use wasmtime::{Store, StoreContextMut, component::GuestTaskId};
use wasmtime_wasi_http::{
    handler::{HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus},
    p3::bindings::ServicePre,
};

use crate::{app::Component, cli::InstanceLimits, outgoing::Outgoing, state::State};

/// Far beyond the life of any test, and unlike `Duration::MAX` safe to add to a point in time.
const FOREVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);

/// Makes the instances of one component.
pub struct Instances {
    /// The component.
    pub component: Arc<Component>,
    /// Its code.
    pub pre: ServicePre<State>,
    /// How long instances live and what they are given.
    pub limits: InstanceLimits,
    /// The way out for their calls.
    pub outgoing: Outgoing,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Limits;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Limits>> {
        let state = State::new(Arc::clone(&self.component), self.outgoing.clone())?;
        let mut store = Store::new(self.pre.engine(), state);
        // There has to be one, and nobody ever advances the clock it is measured by.
        store.set_epoch_deadline(u64::MAX / 2);
        let service = self.pre.instantiate_async(&mut store).await?;
        let request_timeout = self.limits.request_timeout.as_ref().map(draw);
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: State::unfiltered,
            expiration: Expiration {
                idle_timeout: draw(&self.limits.idle_instance_timeout),
                request_timeout,
                sleep: Box::pin(tokio::time::sleep(FOREVER)),
            },
            state: Limits {
                component: Arc::clone(&self.component),
                request_timeout,
                requests: draw(&self.limits.max_instance_reuse_count),
                at_once: draw(&self.limits.max_instance_concurrent_reuse_count),
            },
        })
    }
}

fn draw<T: SampleUniform + PartialOrd + Clone>(range: &RangeInclusive<T>) -> T {
    rand::random_range(range.clone())
}

/// When an instance that does nothing, or too long the same, is dropped.
pub struct Expiration {
    idle_timeout: Duration,
    request_timeout: Option<Duration>,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        let timeout = match status {
            WorkerStatus::Idle => Some(self.idle_timeout),
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.request_timeout,
        };
        let Some(end) = timeout.and_then(|timeout| since.checked_add(timeout)) else {
            return Poll::Pending;
        };
        if self.sleep.deadline() != end.into() {
            self.sleep.as_mut().reset(end.into());
        }
        self.sleep.as_mut().poll(context)
    }
}

/// What one instance takes on.
pub struct Limits {
    component: Arc<Component>,
    request_timeout: Option<Duration>,
    requests: usize,
    at_once: usize,
}

impl WorkerState for Limits {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, at_once: usize, so_far: usize) -> ShouldAccept {
        if so_far >= self.requests {
            ShouldAccept::Never
        } else if at_once >= self.at_once {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        match self.request_timeout {
            Some(timeout) => Box::pin(tokio::time::sleep(timeout)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn drop(&self, store: Store<State>, result: Result<(), wasmtime::Error>) {
        if let Err(error) = result {
            eprintln!("an instance of {} failed: {error:?}", self.component.id);
        }
        drop(store);
    }
}

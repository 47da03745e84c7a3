//! Deadlines: every wait on something outside has one.

use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// Waits.
pub async fn pause(time: Duration) {
    spin_sdk::time::sleep(time).await;
}

/// The result of `work`, or `None` when it takes longer than `limit`; it is then dropped.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(spin_sdk::time::sleep(limit))).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(_) => None,
    }
}

//! A wait that may have nothing to wait for.

use futures_util::future::BoxFuture;
use std::future::pending;

/// The output of the future; without a future it waits forever, as a branch of `select!` that never comes.
pub async fn or_never<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

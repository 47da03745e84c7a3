//! What every request and every socket works with.

use crate::database::Database;
use crate::live::hub::Hub;
use crate::metrics::Metrics;
use messaging_core::auth::Verifier;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The parts of a running relay.
pub struct App {
    /// For access checks and the log.
    pub database: Database,
    /// The followed channels.
    pub hub: Arc<Hub>,
    /// Says who is calling.
    pub verifier: Verifier,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Cancelled when the relay stops.
    pub shutdown: CancellationToken,
    /// The open sockets.
    pub sockets: TaskTracker,
    /// Frames that wait for one socket at most.
    pub queue: usize,
}

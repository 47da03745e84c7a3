//! The parts of a running relay that requests and sockets work with.

use crate::access::AccessChecks;
use crate::database::Database;
use crate::http::health::Reachable;
use crate::http::origins::Origins;
use crate::http::places::Places;
use crate::http_client::HttpClient;
use crate::live::hub::Hub;
use crate::live::memberships::Memberships;
use crate::metrics::Metrics;
use crate::schema::Schema;
use crate::socket::departure::Departure;
use crate::typing::Typists;
use messaging_core::auth::Verifier;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The parts of a running relay.
pub struct App {
    /// PostgreSQL, for the log.
    pub database: Database,
    /// Who may read what.
    pub access: AccessChecks,
    /// The channels that have subscribers.
    pub hub: Arc<Hub>,
    /// The people who have sockets.
    pub memberships: Arc<Memberships>,
    /// Takes what clients say of their typing.
    pub typists: Typists,
    /// How many sockets there may be.
    pub places: Places,
    /// Which pages may connect.
    pub origins: Origins,
    /// Whether the database was there a moment ago.
    pub reachable: Reachable,
    /// Whether it is one that this relay works with.
    pub schema: Arc<Schema>,
    /// Checks who is calling.
    pub verifier: Verifier,
    /// Fetches the keys that it checks with.
    pub http_client: HttpClient,
    /// The numbers of `GET /metrics`.
    pub metrics: Arc<Metrics>,
    /// Cancelled when the relay stops.
    pub shutdown: CancellationToken,
    /// How the sockets leave then.
    pub departure: Departure,
    /// The open sockets.
    pub sockets: TaskTracker,
    /// The length of the queue of a socket for one channel, in frames.
    pub queue: usize,
    /// How many bytes may wait in it.
    pub queue_bytes: usize,
}

//! One WebSocket: its subscriptions, what its client says, and how it ends.

mod connection;
pub mod departure;
mod resume;
pub mod session;
mod subscription;
mod token_bucket;

//! One WebSocket: its subscriptions, what its client says, and how it ends.

mod connection;
mod resume;
pub mod session;
mod subscription;
mod token_bucket;

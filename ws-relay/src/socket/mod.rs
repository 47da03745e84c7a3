//! One WebSocket: its subscriptions, what its client says, and how it ends.

pub mod connection;
mod deliver;
pub mod departure;
pub mod life;
mod memberships;
mod outgoing;
mod reading;
mod resume;
pub mod session;
mod subscription;
mod token_bucket;
pub mod websocket;

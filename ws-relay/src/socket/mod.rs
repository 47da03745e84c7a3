//! One WebSocket: what it may read, how it catches up, how it ends.

pub mod close;
mod control;
mod follow;
pub mod inbound;
mod notice;
mod resume;
pub mod session;
mod wire;

//! From NATS and the log to the sockets.

pub mod audit;
pub mod channel;
pub mod feed;
pub mod hub;
pub mod log;
pub mod outlet;
pub mod recent;
pub mod sequencer;
pub mod subject;

//! The way of frames from NATS and the log to the sockets.

pub mod channel;
mod ephemeral_frames;
pub mod feed;
pub mod frame;
pub mod hub;
pub mod log;
pub mod memberships;
mod nats_subscription;
pub mod recent;
pub mod reconcile;
pub mod sequencer;
pub mod subject;
pub mod subscriber;

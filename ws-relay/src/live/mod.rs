//! The way of frames from NATS and the log to the sockets.

pub mod batch;
pub mod channel;
pub mod command;
pub mod delivery;
mod ephemeral_frames;
pub mod feed;
pub mod frame;
pub mod hub;
pub mod log;
pub mod memberships;
mod nats_subscription;
pub mod packed;
pub mod recent;
pub mod reconcile;
pub mod resumes;
pub mod sequencer;
pub mod subject;
pub mod subscriber;

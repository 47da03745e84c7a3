//! The pure layer of DAARION Messaging: builds for wasm and native code, knows nothing of Spin.
//!
//! The endpoint components use it through `messaging-edge`, the relay uses it directly. A noun's requests, responses
//! and enums are together in the module that is named after it.

pub mod advisory;
pub mod agent;
pub mod auth;
pub mod channel;
pub mod event;
pub mod fault;
pub mod file;
pub mod gateway;
pub mod health;
pub mod idempotency;
pub mod ids;
pub mod json;
pub mod life;
pub mod matrix;
pub mod media;
pub mod member;
pub mod mention;
pub mod message;
pub mod microdao;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod origin;
pub mod page;
pub mod paths;
pub mod pin;
pub mod poll;
pub mod preview;
pub mod problem;
pub mod profile;
pub mod rate_limit;
pub mod reaction;
pub mod receipt;
pub mod reconcile;
pub mod refusal;
pub mod reindex;
pub mod search;
pub mod secret_name;
pub mod set_aside;
pub mod socket;
pub mod text;
pub mod thread;
pub mod time;
pub mod trace;
pub mod typing;
pub mod webhook;

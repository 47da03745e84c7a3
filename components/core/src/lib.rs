//! The pure layer of DAARION Messaging: builds for wasm and native code, knows nothing of Spin.
//!
//! The endpoint components use it through `messaging-edge`, the relay uses it directly.

pub mod answers;
pub mod auth;
pub mod ids;
pub mod keys;
pub mod matrix;
pub mod models;
pub mod page;
pub mod problem;
pub mod refusal;
pub mod text;

//! The Spin layer of DAARION Messaging: what a thin endpoint component is built from.
//!
//! A component hands every request to [`serve`] with a function from [`Request`] to [`Reply`] or
//! [`Problem`]. There is no middleware: a handler that needs the caller asks [`identity`] for it.

pub mod cors;
pub mod deadline;
pub mod gateway;
pub mod identity;
pub mod invite;
pub mod log;
pub mod outgoing;
pub mod refusal;
pub mod reply;
pub mod request;
pub mod send;
mod serve;
pub mod settings;
pub mod store;

pub use messaging_core::problem::Problem;
pub use reply::Reply;
pub use request::Request;
pub use serve::serve;

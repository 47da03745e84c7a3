//! The Spin layer of DAARION Messaging: what a thin endpoint component is built from.
//!
//! A component hands every request to [`serve`] with its routes. A handler's signature says what it needs: the caller,
//! the path's parameters, the body. There is no other way to them, so a handler that does not ask for a checked
//! identity has none.

pub mod acts;
pub mod deadline;
pub mod gateway;
pub mod html;
mod http;
pub mod index;
pub mod log;
pub mod outgoing;
pub mod settings;

pub use crate::http::*;
pub use messaging_core::problem::Problem;

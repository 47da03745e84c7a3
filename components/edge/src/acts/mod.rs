//! Acts that several components carry out alike.

mod enter;
mod invite;
mod list_messages;
mod once;
mod send;

pub use enter::enter;
pub use invite::{Invited, LevelIs, invite};
pub use list_messages::list_messages;
pub use once::{Asked, once};
pub use send::send;

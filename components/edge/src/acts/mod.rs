//! Acts that several components carry out alike.

mod enter;
mod intended;
mod invite;
mod list_messages;
mod once;
mod send;
mod unpin;

pub use enter::enter;
pub use intended::intended;
pub use invite::{Invited, LevelIs, invite};
pub use list_messages::list_messages;
pub use once::{Asked, NO_CHANNEL, once};
pub use send::send;
pub use unpin::unpin;

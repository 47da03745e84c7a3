//! Acts that several components carry out alike.

mod bot;
mod content;
mod end_memberships;
mod enter;
mod hide_closed;
mod intended;
mod invite;
mod list_messages;
mod once;
mod reopen;
mod send;
mod unpin;

pub use bot::bot;
pub use content::{Place, Row, clean_contents, read_content, read_newest, with_content, with_contents};
pub use end_memberships::end_memberships;
pub use enter::enter;
pub use hide_closed::{ClosedRoom, hide_closed};
pub use intended::intended;
pub use invite::{Invited, LevelIs, invite};
pub use list_messages::list_messages;
pub use once::{Asked, NO_CHANNEL, once};
pub use reopen::reopen;
pub use send::send;
pub use unpin::unpin;

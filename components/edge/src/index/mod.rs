//! The index: one function here for each function of the schema `messaging` that a component calls, under the same
//! name, with named arguments.
//!
//! Every call is one statement that decides, reads or writes, and gives one JSON document or refuses.

mod call;
pub mod channels;
pub mod content;
mod edits;
pub mod endings;
pub mod files;
mod kept;
pub mod life;
pub mod members;
pub mod messages;
mod page;
pub mod pins;
mod polls;
pub mod previews;
pub mod profiles;
pub mod reactions;
pub mod receipts;
pub mod reconcile;
mod redactions;
pub mod reindex;
pub mod requests;
pub mod rooms;
pub mod search;
pub mod set_aside;
pub mod subscriptions;
pub mod threads;
pub mod typing;
mod value;

pub use call::{Document, Error, ping};
pub use page::Page;

/// A column's new value by the column's name.
pub type Changes = serde_json::Map<String, serde_json::Value>;

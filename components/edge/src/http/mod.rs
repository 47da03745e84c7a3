//! Requests and responses.

mod body;
mod cors;
mod current;
mod extract;
pub mod form;
mod identity;
mod json;
mod key_set;
pub mod negotiation;
mod query;
mod request;
mod response;
mod router;
mod serve;

pub use body::{Chunks, Served};
pub use current::note_caller;
pub(crate) use current::{Current, current, note, sign};
pub use extract::{FromRequest, IdempotencyKey, Json, Path, Query, RequestId};
pub use identity::{ActingAgent, InternalReader, MediaReader, Reader, time_at, unix_time};
pub use json::{json_body, parse_json};
pub use request::Request;
pub use response::Response;
pub use router::{Handler, Router};
pub use serve::{Failure, serve};

//! Requests and responses.

mod body;
mod cors;
mod extract;
pub mod form;
mod identity;
mod json;
mod key_set;
mod near;
pub mod negotiation;
mod request;
mod response;
mod router;
mod serve;

pub use body::{Chunks, Served};
pub use extract::{FromRequest, IdempotencyKey, Json, Path, Query, RequestId};
pub use identity::{ActingAgent, InternalReader, MediaReader, Reader, time_at, unix_time};
pub use json::{json_body, parse_json};
pub(crate) use near::note;
pub use request::Request;
pub use response::Response;
pub use router::{Handler, Router};
pub use serve::{Failure, serve};

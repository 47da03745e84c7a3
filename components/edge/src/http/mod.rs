//! Requests and responses.

mod cors;
mod extract;
mod identity;
mod json;
mod key_set;
mod near;
mod request;
mod response;
mod router;
mod serve;

pub use extract::{FromRequest, IdempotencyKey, Json, Path, Query, RequestId};
pub use identity::{ActingAgent, InternalReader, Reader};
pub use json::{json_body, parse_json};
pub(crate) use near::note;
pub use request::Request;
pub use response::Response;
pub use router::{Handler, Router};
pub use serve::{Failure, serve};

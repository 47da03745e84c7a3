//! The host's side of the `spin:*` interfaces, generated from the definitions inside the `spin-sdk` package.
#![allow(missing_docs)]

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

pub use self::spin::{postgres::postgres, variables::variables};

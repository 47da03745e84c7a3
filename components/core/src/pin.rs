//! Pinned messages: messages as everywhere, so only the operations are their own.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

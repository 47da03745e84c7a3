//! The contract as documents, made from the types and operations of `messaging-core`.
//!
//! It exists for the tests only: they compare it with the committed files, and write those when `UPDATE_CONTRACT=1` is set.

mod asyncapi;
mod openapi;
mod parameters;
mod schemas;
mod tests;

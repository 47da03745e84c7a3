//! The contract as an OpenAPI document, made from the types of `messaging-core` and the table in [`routes`].
//!
//! It exists for the tests only: they compare it with the committed `openapi.json`, and write that file when
//! `UPDATE_OPENAPI=1` is set.

mod document;
mod parameters;
mod problems;
mod route;
mod routes;
mod schemas;
mod tests;

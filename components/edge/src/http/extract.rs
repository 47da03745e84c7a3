//! What a handler can ask for in its signature.

use super::json::json_body;
use super::request::MAX_JSON_BYTES;
use super::{Request, parse_json};
use crate::Problem;
use messaging_core::auth::Caller;
use messaging_core::idempotency::ClientKey;
use messaging_core::page::FromQuery;
use messaging_core::paths::FromParams;
use messaging_core::problem::FieldError;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::future::Future;

/// Something that is read from a request, or refused.
pub trait FromRequest: Sized {
    /// Reads it.
    fn from_request(request: &mut Request) -> impl Future<Output = Result<Self, Problem>>;
}

/// The path's parameters.
pub struct Path<T>(pub T);

impl<T: FromParams> FromRequest for Path<T> {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        T::from_params(request.params()).map(Self)
    }
}

/// The query's parameters, each of which may come once.
pub struct Query<T>(pub T);

impl<T: FromQuery> FromRequest for Query<T> {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let repeated = RefCell::new(Vec::new());
        let read = T::from_query(&|name| {
            let mut values = request.query_values(name);
            let value = values.next();
            if values.next().is_some() {
                repeated.borrow_mut().push(FieldError::parameter(name, "must come once"));
            }
            value
        });
        match repeated.into_inner() {
            errors if errors.is_empty() => read.map(Self),
            errors => Err(Problem::invalid(errors)),
        }
    }
}

/// The JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        json_body(request)?;
        parse_json(&request.bytes(MAX_JSON_BYTES).await?).map(Self)
    }
}

/// The request's id, which the response and the log carry too.
pub struct RequestId(pub String);

impl FromRequest for RequestId {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        Ok(Self(request.id().to_owned()))
    }
}

/// The `Idempotency-Key` header, if there is one. A header that is no key is refused, never ignored.
pub struct IdempotencyKey(Option<String>);

impl FromRequest for IdempotencyKey {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let header = request.header_or_empty("idempotency-key").map(str::to_owned);
        header.as_deref().map_or(Ok(()), ClientKey::check)?;
        Ok(Self(header))
    }
}

impl IdempotencyKey {
    /// The caller's key.
    pub fn of(self, caller: &Caller) -> Option<ClientKey> {
        self.0.map(|header| ClientKey::new(caller.id(), &header))
    }
}

/// The request itself, for handlers that read its body in pieces or as it is.
impl FromRequest for Request {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        Ok(request.take())
    }
}

//! One page of rows, its items untouched on their way from PostgreSQL to the caller.

use crate::Response;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A page.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// A JSON array.
    items: Box<RawValue>,
    /// Where the neighbouring pages are, by link relation (`next`, `prev`), as the query of their address.
    #[serde(default)]
    links: BTreeMap<String, Option<String>>,
}

impl Page {
    /// The response: the array, and a `Link` header per neighbour (RFC 8288).
    ///
    /// `shared_query` is the part of the request's query that the neighbours share.
    pub fn into_response(self, path: &str, shared_query: &str) -> Response {
        let mut response = Response::raw_json(StatusCode::OK, String::from(Box::<str>::from(self.items)));
        for (relation, query) in self.links {
            if let Some(query) = query {
                let link = format!("<{path}?{shared_query}&{query}>; rel=\"{relation}\"");
                response = response.header(header::LINK, &link);
            }
        }
        response
    }
}

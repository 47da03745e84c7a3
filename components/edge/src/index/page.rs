//! One page of rows, its items untouched on their way from PostgreSQL to the caller.

use crate::acts::{Place, Row};
use crate::{Problem, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// A page.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// A JSON array.
    items: Box<RawValue>,
    /// Where the neighbouring pages are, by link relation (`next`, `prev`), as the query of their address.
    #[serde(default)]
    links: BTreeMap<String, Option<String>>,
    /// Where the content of each message is, in the order of the items, where that was asked for.
    #[serde(default)]
    places: Vec<Place>,
}

impl Page {
    /// The messages of the page, and where their content is.
    pub fn messages(&mut self) -> Result<Vec<(Row, Place)>, Problem> {
        let items: Vec<_> = serde_json::from_str(self.items.get()).map_err(Problem::internal)?;
        Ok(items.into_iter().zip(std::mem::take(&mut self.places)).collect())
    }

    /// The same page with other items in the place of its own.
    pub fn with_items(self, items: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { items: to_raw_value(items).map_err(Problem::internal)?, ..self })
    }

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

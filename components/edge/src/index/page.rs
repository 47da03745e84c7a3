//! One page of rows, its items untouched on their way from PostgreSQL to the caller.

use super::{Document, Error};
use crate::acts::{Place, Row};
use crate::{Problem, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Display;

/// How the document of a page begins, what comes behind its items, and how that begins alone.
const BEGINNING: &str = r#"{"items":"#;
const REST: &str = r#","links":"#;
const LINKS: &str = r#"{"links":"#;

/// A page.
#[derive(Debug)]
pub struct Page {
    /// A JSON array.
    items: Bytes,
    rest: Rest,
}

/// What a page says besides its items.
#[derive(Debug, Deserialize)]
struct Rest {
    /// Where the neighbouring pages are, by link relation (`next`, `prev`), as the query of their address.
    links: BTreeMap<String, Option<String>>,
    /// Where the content of each message is, in the order of the items, where that was asked for.
    #[serde(default)]
    places: Vec<Place>,
}

impl Page {
    /// A page from its document. Its items, which are nearly all of it, are not read: in their texts every `"` is escaped, so the
    /// last `,"links":` is the page's own.
    pub(super) fn of(document: Document) -> Result<Self, Error> {
        let text = document.into_text();
        let unreadable = |e: &dyn Display| Error::from(Problem::internal(format!("a page: {e}")));
        let items = text.strip_prefix(BEGINNING).and_then(|text| text.rsplit_once(REST));
        let (items, rest) = items.ok_or_else(|| unreadable(&"it has no items or no links"))?;
        let rest = serde_json::from_str(&[LINKS, rest].concat()).map_err(|e| unreadable(&e))?;
        let items = BEGINNING.len()..BEGINNING.len() + items.len();
        Ok(Self { items: Bytes::from(text).slice(items), rest })
    }

    /// The messages of the page, and where their content is.
    pub fn messages(&mut self) -> Result<Vec<(Row, Place)>, Problem> {
        let items: Vec<_> = serde_json::from_slice(&self.items).map_err(Problem::internal)?;
        Ok(items.into_iter().zip(std::mem::take(&mut self.rest.places)).collect())
    }

    /// The same page with other items in the place of its own.
    pub fn with_items(self, items: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { items: serde_json::to_vec(items).map_err(Problem::internal)?.into(), ..self })
    }

    /// The response: the array, and a `Link` header per neighbour (RFC 8288).
    ///
    /// `shared_query` is the part of the request's query that the neighbours share.
    pub fn into_response(self, path: &str, shared_query: &str) -> Response {
        let mut response = Response::raw_json(StatusCode::OK, self.items);
        for (relation, query) in self.rest.links {
            if let Some(query) = query {
                let link = format!("<{path}?{shared_query}&{query}>; rel=\"{relation}\"");
                response = response.header(header::LINK, &link);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Result<Page, Error> {
        Page::of(Document::of(text))
    }

    #[test]
    fn the_items_go_out_as_they_are_and_the_links_are_the_pages_own() {
        let items = r#"[{"text":"],\"links\":{","links":{"next":"theirs"}}, {"n" : 1.0}]"#;
        let document = format!(r#"{{"items":{items},"links":{{"next":"before=7","prev":null}}}}"#);
        let page = page(&document).unwrap();
        assert_eq!(page.items, items);
        assert_eq!(page.rest.links["next"].as_deref(), Some("before=7"));
        assert_eq!(page.rest.links["prev"], None);
        assert!(page.rest.places.is_empty());
    }

    #[test]
    fn places_come_behind_the_links() {
        let place = r#"{"room_id":"!a:b","edit_event_id":null}"#;
        let mut page = page(&format!(r#"{{"items":[{{"id":1}}],"links":{{}},"places":[{place}]}}"#)).unwrap();
        let messages = page.messages().unwrap();
        assert_eq!((messages.len(), messages[0].1.room_id.as_str()), (1, "!a:b"));
    }

    #[test]
    fn what_is_no_page_is_an_error() {
        for text in [
            "",
            "{}",
            r#"{"items":[]}"#,
            r#"{"links":{},"items":[]}"#,
            r#"{"items":[],"links":{}"#,
            r#"{"items":,"links":"#,
        ] {
            assert!(page(text).is_err(), "{text}");
        }
    }
}

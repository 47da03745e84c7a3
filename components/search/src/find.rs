//! A page of what was found, with what may have been meant instead.

use futures_util::future::join;
use http::{StatusCode, header};
use messaging_core::auth::Caller;
use messaging_core::page::{FromQuery, SearchPage, SearchPlace};
use messaging_core::search::{DidYouMean, Found, MAX_MISSPELT, Query, parse};
use messaging_edge::deadline::within;
use messaging_edge::{Problem, Response, index, log};
use std::time::Duration;

use crate::excerpts::with_excerpts;

/// Words with fewer hits may be misspelt.
const FEW: usize = 3;
/// How long the index may look for other words: with the search itself, whoever asks has an answer within 10 seconds.
const DEADLINE: Duration = Duration::from_secs(2);

/// `path` is where the next page is, and `reader` what its query has to repeat besides the page's own part.
pub async fn find(
    request_id: &str,
    caller: &Caller,
    page: &SearchPage,
    path: &str,
    reader: Option<&str>,
) -> Result<Response, Problem> {
    let query = parse(&page.q);
    // What an empty query finds is not shown, but whether the caller may read the channel is said all the same.
    let limit = if query.is_empty() { 1 } else { page.limit };
    let mut found = index::search::search_messages(caller, &query, &SearchPage { limit, ..page.clone() }).await?;
    if query.is_empty() {
        (found.hits, found.next) = (Vec::new(), None);
    }
    let next = found.next.as_ref().map(SearchPlace::cursor);
    let is_all = page.cursor.is_none() && next.is_none();
    let is_little = is_all && found.hits.len() < FEW;
    let (hits, did_you_mean) = join(with_excerpts(request_id, &query, found.hits), async {
        if is_little { suggestions(request_id, caller, &query, page).await } else { Vec::new() }
    })
    .await;
    let response =
        Response::json(StatusCode::OK, &Found { hits, next: next.clone(), hints: query.hints, did_you_mean })?;
    Ok(match next {
        None => response,
        Some(cursor) => {
            let shared_query = page.shared_query();
            let query = reader.map_or_else(|| shared_query.clone(), |reader| format!("{reader}&{shared_query}"));
            response.header(header::LINK, &format!("<{path}?{query}&cursor={cursor}>; rel=\"next\""))
        }
    })
}

/// What may have been meant. A search that has an answer does not fail for want of it.
async fn suggestions(request_id: &str, caller: &Caller, query: &Query, page: &SearchPage) -> Vec<DidYouMean> {
    let words: Vec<_> = query.words().take(MAX_MISSPELT).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let suggested = index::search::suggest_words(caller, words, page.channel_id, page.microdao_id.as_ref());
    match within(DEADLINE, suggested).await {
        Some(Ok(suggested)) => suggested.into_iter().filter_map(DidYouMean::distinct).collect(),
        Some(Err(e)) => {
            log::error(request_id, &format!("there are no suggestions: {}", Problem::from(e)));
            Vec::new()
        }
        None => {
            log::error(request_id, "there are no suggestions: the database did not respond in time");
            Vec::new()
        }
    }
}

//! How content goes to whoever may read it.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::{HeaderName, StatusCode, header};
use messaging_core::media::{Asked, CONTENT_SECURITY_POLICY, HEAD_BYTES, asked, disposition, may_be_range, served};
use messaging_edge::outgoing::Download;
use messaging_edge::{Chunks, Problem, Request, Response};

/// Content does not change: a browser need not ask again. Others between it and this service keep nothing.
const CACHING: &str = "private, max-age=31536000, immutable";

/// Content on its way.
pub struct Content {
    /// From the homeserver.
    pub download: Download,
    /// What it is called.
    pub name: Option<String>,
    /// Its entity tag.
    pub etag: String,
    /// Whether a part of it may be asked for.
    pub has_ranges: bool,
}

impl Content {
    /// The content, or the part that is asked for.
    pub async fn answer(self, request: &Request) -> Result<Response, Problem> {
        let declared = self.download.parts.headers.get(header::CONTENT_TYPE);
        let declared = declared.and_then(|value| value.to_str().ok()).map(str::to_owned);
        let length = self.download.length();
        let length = length.ok_or_else(|| Problem::homeserver_failed("content without a length"))?;
        let mut chunks = self.download.chunks();
        let head = beginning(&mut chunks).await?;
        let served = served(declared.as_deref(), &head);
        let range = request.header("range").filter(|_| self.has_ranges);
        let range = range.filter(|_| may_be_range(request.header("if-range"), &self.etag));
        let (status, first, count) = match asked(range, length) {
            Asked::Whole => (StatusCode::OK, 0, length),
            Asked::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
            Asked::Unsatisfiable => {
                let problem = Response::problem(&Problem::range_not_satisfiable(length), request.id());
                return Ok(problem.header(header::CONTENT_RANGE, &format!("bytes */{length}")));
            }
        };
        let again = futures_util::stream::iter([Ok(head)]);
        let chunks: Chunks = match request.is_head() {
            true => Box::pin(futures_util::stream::empty()),
            false => part(Box::pin(again.chain(chunks)), first, count),
        };
        let mut response = tagged(Response::chunks(status, count, chunks), &self.etag)
            .header(header::CONTENT_TYPE, &served.content_type)
            .header(header::CONTENT_DISPOSITION, &disposition(served.is_inline, self.name.as_deref()))
            .header(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin")
            // A page that was opened by a signed address tells nobody of it.
            .header(header::REFERRER_POLICY, "no-referrer");
        if self.has_ranges {
            response = response.header(header::ACCEPT_RANGES, "bytes");
        }
        if status == StatusCode::PARTIAL_CONTENT {
            let last = first + count - 1;
            response = response.header(header::CONTENT_RANGE, &format!("bytes {first}-{last}/{length}"));
        }
        Ok(response)
    }
}

/// 304: the caller has it.
pub fn not_modified(etag: &str) -> Response {
    tagged(Response::empty(StatusCode::NOT_MODIFIED), etag)
}

fn tagged(response: Response, etag: &str) -> Response {
    response.header(header::ETAG, etag).header(header::CACHE_CONTROL, CACHING)
}

/// The first bytes, [`HEAD_BYTES`] or all.
async fn beginning(chunks: &mut Chunks) -> Result<Bytes, Problem> {
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES
        && let Some(chunk) = chunks.next().await
    {
        head.extend_from_slice(&chunk?);
    }
    Ok(head.freeze())
}

/// `count` bytes from `first` on. The homeserver gives no parts, so what is in front of it is read and left; what is behind
/// it is not read.
fn part(chunks: Chunks, first: u64, count: u64) -> Chunks {
    Box::pin(futures_util::stream::try_unfold((chunks, first, count), |(mut chunks, mut skip, left)| async move {
        while left > 0
            && let Some(chunk) = chunks.next().await
        {
            let mut chunk = chunk?;
            let skipped = skip.min(chunk.len() as u64);
            skip -= skipped;
            let _ = chunk.split_to(usize::try_from(skipped).unwrap_or(usize::MAX).min(chunk.len()));
            chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            if !chunk.is_empty() {
                let left = left - chunk.len() as u64;
                return Ok(Some((chunk, (chunks, skip, left))));
            }
        }
        if left > 0 { Err(Problem::homeserver_failed("content shorter than it was said to be")) } else { Ok(None) }
    }))
}

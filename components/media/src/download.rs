//! GET: content, and small pictures of it.

use crate::answer::{Content, not_modified};
use messaging_core::media::{MediaPath, ThumbnailQuery, matches_etag};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::files::read_media;
use messaging_edge::{MediaReader, Path, Problem, Query, Request, Response};

pub async fn download(
    MediaReader(caller): MediaReader,
    Path(at): Path<MediaPath>,
    request: Request,
) -> Result<Response, Problem> {
    let known = read_media(&caller, &at).await?;
    // An address never gets other content, so its id says which one it is.
    let etag = format!("\"{}\"", at.media_id);
    if matches_etag(request.header("if-none-match"), &etag) {
        return Ok(not_modified(&etag));
    }
    let download = Gateway::from_settings().await?.download(&at).await.map_err(as_unknown)?;
    Content { download, name: known.filename, etag, has_ranges: true }.answer(&request).await
}

pub async fn thumbnail(
    MediaReader(caller): MediaReader,
    Path(at): Path<MediaPath>,
    Query(size): Query<ThumbnailQuery>,
    request: Request,
) -> Result<Response, Problem> {
    read_media(&caller, &at).await?;
    let method: &str = size.method.into();
    let etag = format!("\"{}.{}x{}.{method}\"", at.media_id, size.width, size.height);
    if matches_etag(request.header("if-none-match"), &etag) {
        return Ok(not_modified(&etag));
    }
    let download = Gateway::from_settings().await?.thumbnail(&at, size).await.map_err(as_unknown)?;
    Content { download, name: None, etag, has_ranges: false }.answer(&request).await
}

/// What the homeserver does not give to anybody is not there.
fn as_unknown(problem: Problem) -> Problem {
    if problem.status.as_u16() == 403 {
        return Problem { internal_message: problem.internal_message, ..Problem::not_found("file") };
    }
    problem
}

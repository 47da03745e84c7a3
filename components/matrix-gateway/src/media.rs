//! Content of the homeserver's media repository (client-server API, "Content repository").

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, v1};
use http::{StatusCode, header};
use messaging_core::gateway::MediaConfig;
use messaging_core::media::{MediaPath, ThumbnailQuery};
use messaging_core::page::FromQuery as _;
use messaging_edge::outgoing::Download;
use messaging_edge::{Path, Query, Response};
use serde::Deserialize;
use std::time::Duration;

/// How long content whose length is not said may take, which is read before it goes on.
const WHOLE: Duration = Duration::from_secs(20);

/// Client-server API, "GET /media/config".
#[derive(Deserialize)]
struct Config {
    #[serde(rename = "m.upload.size")]
    upload_size: Option<u64>,
}

/// The largest file that the homeserver takes, in bytes, if it says so.
pub async fn upload_limit(hs: &Homeserver) -> Result<Option<u64>, GatewayError> {
    let config: Config = hs.get(Acting::Bot, &v1(&["media", "config"])).await?;
    Ok(config.upload_size)
}

/// GET `media/config`
pub async fn config(hs: Homeserver) -> Result<Response, GatewayError> {
    Ok(Response::json(StatusCode::OK, &MediaConfig { upload_size: upload_limit(&hs).await? })?)
}

/// GET `media/{server_name}/{media_id}`
pub async fn download(hs: Homeserver, Path(at): Path<MediaPath>) -> Result<Response, GatewayError> {
    let target = v1(&["media", "download", &at.server_name, &at.media_id]);
    pass_on(hs.download(&target).await?).await
}

/// GET `media/{server_name}/{media_id}/thumbnail`
pub async fn thumbnail(
    hs: Homeserver,
    Path(at): Path<MediaPath>,
    Query(size): Query<ThumbnailQuery>,
) -> Result<Response, GatewayError> {
    let path = v1(&["media", "thumbnail", &at.server_name, &at.media_id]);
    let target = format!("{path}?{}&animated=false", size.shared_query());
    pass_on(hs.download(&target).await?).await
}

/// The content as it comes, with its type and its length.
async fn pass_on(download: Download) -> Result<Response, GatewayError> {
    let kind = download.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or("application/octet-stream").to_owned();
    let response = match download.length() {
        Some(length) => Response::chunks(StatusCode::OK, length, download.chunks()),
        None => {
            let whole = download.whole(WHOLE).await;
            let whole =
                whole.map_err(|failure| GatewayError::failed(format!("content without a length: {failure}")))?;
            Response::bytes(StatusCode::OK, whole)
        }
    };
    Ok(response.header(header::CONTENT_TYPE, &kind))
}

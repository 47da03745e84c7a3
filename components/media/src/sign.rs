//! GET `…/url` and POST `…/urls`: addresses that need no header.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::media::{MediaPath, SignUrls, SignedUrl, SignedUrls, sign_url};
use messaging_core::paths;
use messaging_edge::index::files::{list_readable_media, read_media};
use messaging_edge::{Json, Path, Problem, Response, settings, time_at, unix_time};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a segment of a path may have as it is (RFC 3986, section 3.3), of what a server's name has.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

pub async fn sign_one(caller: Caller, Path(at): Path<MediaPath>) -> Result<Response, Problem> {
    read_media(&caller, &at).await?;
    let secret = settings::required("matrix_gateway_secret").await?;
    Response::json(StatusCode::OK, &signed(&secret, &caller, &at)?)
}

pub async fn sign(caller: Caller, Json(asked): Json<SignUrls>) -> Result<Response, Problem> {
    asked.check()?;
    let secret = settings::required("matrix_gateway_secret").await?;
    let readable = list_readable_media(&caller, asked.content_uris).await?;
    let urls = readable.iter().filter_map(|uri| MediaPath::of_uri(uri));
    let urls = urls.map(|at| signed(&secret, &caller, &at)).collect::<Result<_, _>>()?;
    Response::json(StatusCode::OK, &SignedUrls { urls })
}

fn signed(secret: &str, caller: &Caller, at: &MediaPath) -> Result<SignedUrl, Problem> {
    let content_uri = at.uri();
    let (expires, signature) = sign_url(secret, &content_uri, caller, unix_time())?;
    let path = |pattern| {
        let [server_name, media_id] = [&at.server_name, &at.media_id].map(|value| utf8_percent_encode(value, ENCODED));
        paths::fill(pattern, &[&server_name, &media_id])
    };
    let query = format!("expires={expires}&signature={signature}");
    Ok(SignedUrl {
        url: format!("{}?{query}", path(paths::MEDIA)),
        thumbnail_url: format!("{}?{query}", path(paths::MEDIA_THUMBNAIL)),
        content_uri,
        expires_at: time_at(expires),
    })
}

//! DELETE `/internal/matrix/media/{server_name}/{media_id}`: content of the homeserver itself (Synapse, admin API, "Media Admin
//! API"). An optional part of the contract, which takes `matrix_admin_token`.

use crate::error::{GatewayError, invalid_parameter};
use crate::homeserver::{Acting, Homeserver, Nothing};
use crate::ids::join_path;
use http::{Method, StatusCode};
use messaging_core::paths::{FromParams, Params};
use messaging_core::text::is_mxc;
use messaging_edge::{FromRequest, Path, Problem, Request, Response};
use serde::Deserialize;
use serde_json::json;

/// `…/media/:server_name/:media_id`
#[derive(Debug)]
pub struct ContentPath {
    server_name: String,
    media_id: String,
}

impl FromParams for ContentPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let (server_name, media_id) = (params.get("server_name").to_owned(), params.get("media_id").to_owned());
        match is_mxc(&format!("mxc://{server_name}/{media_id}")) {
            true => Ok(Self { server_name, media_id }),
            false => Err(Problem::new(StatusCode::NOT_FOUND, "M_NOT_FOUND", "There is no such content.")),
        }
    }
}

/// Whose it has to be: `uploader` of the query.
pub struct Uploader(Option<String>);

impl FromRequest for Uploader {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        match request.query("uploader") {
            Some(id) if !id.starts_with('@') => Err(invalid_parameter("uploader must be a Matrix id, @…")),
            given => Ok(Self(given.map(str::to_owned))),
        }
    }
}

/// What is needed of "Query a piece of media by ID".
#[derive(Deserialize)]
struct Found {
    media_info: MediaInfo,
}

#[derive(Deserialize)]
struct MediaInfo {
    user_id: Option<String>,
}

/// Deletes content for good.
pub async fn delete(
    hs: Homeserver,
    Path(path): Path<ContentPath>,
    Uploader(uploader): Uploader,
) -> Result<Response, GatewayError> {
    if path.server_name != hs.server_name() {
        return Err(GatewayError::forbidden("This content is not of this homeserver."));
    }
    let admin = hs.into_admin().await?;
    let target = join_path("/_synapse/admin/v1/media", &[&path.server_name, &path.media_id]);
    if let Some(uploader) = uploader {
        let found: Found = admin.get(Acting::Bot, &target).await?;
        if found.media_info.user_id != Some(uploader) {
            return Err(GatewayError::forbidden("Somebody else has uploaded this content."));
        }
    }
    admin.call::<Nothing>(Acting::Bot, Method::DELETE, &target, None).await?;
    Ok(Response::json(StatusCode::OK, &json!({"status": "deleted"}))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::gateway::paths;

    #[test]
    fn only_content_is_deleted() {
        let read = |path: &str| {
            let params = messaging_core::paths::parse(paths::MEDIA, path, str::to_owned).unwrap();
            ContentPath::from_params(&params).map(|path| (path.server_name, path.media_id))
        };
        let good = read("/internal/matrix/media/daarion.city:8448/aB_-9").unwrap();
        assert_eq!(good, ("daarion.city:8448".to_owned(), "aB_-9".to_owned()));
        for bad in ["/internal/matrix/media/x/a.b", "/internal/matrix/media/x/..", "/internal/matrix/media/../x"] {
            assert_eq!(read(bad).unwrap_err().code, "M_NOT_FOUND", "{bad}");
        }
    }
}

//! POST: stores the picture of a page. ws-relay has fetched it, behind its guard.

use http::{StatusCode, header};
use messaging_core::auth::Internal;
use messaging_core::preview::{ImageType, MAX_IMAGE_BYTES, StoredImage, not_an_image};
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Request, Response};

pub async fn store(_: Internal, mut request: Request) -> Result<Response, Problem> {
    let declared = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default().to_owned();
    let bytes = request.bytes(MAX_IMAGE_BYTES).await?;
    // What its bytes say and what is declared have to agree: nothing else is stored, whoever asks.
    let image_type = ImageType::of(&bytes).filter(|image_type| image_type.media_type() == declared);
    let image_type = image_type.ok_or_else(not_an_image)?;
    let uploaded =
        Gateway::from_settings().await?.upload(&bytes, image_type.media_type(), image_type.filename()).await?;
    Response::json(StatusCode::OK, &StoredImage { content_uri: uploaded.content_uri })
}

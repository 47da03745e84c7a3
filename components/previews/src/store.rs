//! POST: stores the picture of a page. ws-relay has fetched it, behind its guard.

use futures_util::stream;
use http::{StatusCode, header};
use messaging_core::auth::Internal;
use messaging_core::preview::{ImageType, MAX_IMAGE_BYTES, StoredImage, not_an_image};
use messaging_edge::gateway::{Gateway, Upload};
use messaging_edge::{Problem, Request, Response};

pub async fn store(_: Internal, mut request: Request) -> Result<Response, Problem> {
    let declared = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default().to_owned();
    let bytes = request.bytes(MAX_IMAGE_BYTES).await?;
    // What its bytes say and what is declared have to agree: nothing else is stored, whoever asks.
    let image_type = ImageType::of(&bytes).filter(|image_type| image_type.media_type() == declared);
    let image_type = image_type.ok_or_else(not_an_image)?;
    let upload = Upload {
        filename: image_type.filename().to_owned(),
        content_type: image_type.media_type().to_owned(),
        size: bytes.len() as u64,
        chunks: Box::pin(stream::iter([Ok(bytes)])),
    };
    let uploaded = Gateway::from_settings().await?.upload(upload).await?;
    Response::json(StatusCode::OK, &StoredImage { content_uri: uploaded.content_uri })
}

//! Content for the homeserver's repository.

use super::{DEADLINE, Gateway, busy, read};
use crate::outgoing::{self, Failure};
use bytes::BytesMut;
use http::{StatusCode, header};
use messaging_core::gateway::{TOKEN_HEADER, Uploaded, paths};
use messaging_core::problem::Problem;
use uuid::Uuid;

impl Gateway {
    /// Uploads a small file as a form (RFC 7578). `content_type` and `filename` are constants, never a caller's.
    pub async fn upload(
        &self,
        bytes: &[u8],
        content_type: &'static str,
        filename: &'static str,
    ) -> Result<Uploaded, Problem> {
        // Of the content, so that it is not in the content.
        let boundary = Uuid::new_v5(&Uuid::NAMESPACE_OID, bytes).simple().to_string();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        let mut form = BytesMut::with_capacity(head.len() + bytes.len() + boundary.len() + 8);
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(bytes);
        form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let request = http::Request::post(format!("{}{}", self.url, paths::UPLOAD))
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .header(TOKEN_HEADER, &self.secret)
            .body(form.freeze())
            .map_err(Problem::internal)?;
        let response = outgoing::send(request, DEADLINE).await.map_err(|failure| match failure {
            Failure::Timeout => Problem::homeserver_timeout(format!("matrix-gateway {}: {failure}", paths::UPLOAD)),
            _ => Problem::homeserver_failed(format!("matrix-gateway {}: {failure}", paths::UPLOAD)),
        })?;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            return Err(busy(paths::UPLOAD, &response));
        }
        read(paths::UPLOAD, response.status(), response.body())
    }
}

//! Content of the homeserver's repository: a call that a gateway may leave out.

use super::Gateway;
use super::response::read;
use http::Method;
use messaging_core::gateway::{AnyObject, paths};
use messaging_core::problem::Problem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

impl Gateway {
    /// Has the homeserver delete a content of its own, if `uploader_matrix_id`, where it is given, has brought it there. One that
    /// it does not have any more is deleted.
    pub async fn delete_content(
        &self,
        server_name: &str,
        media_id: &str,
        uploader_matrix_id: Option<&str>,
    ) -> Result<(), Problem> {
        let query = uploader_matrix_id
            .map_or_else(String::new, |id| format!("?uploader={}", utf8_percent_encode(id, NON_ALPHANUMERIC)));
        let at = [server_name, media_id];
        let (status, body) = self.exchange_with(Method::DELETE, paths::MEDIA, &at, &query, None::<&()>).await?;
        match read::<AnyObject>(paths::MEDIA, status, &body) {
            Err(problem) if problem.is_not_in_matrix() => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

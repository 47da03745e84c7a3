//! GET: the profile.

use http::StatusCode;
use messaging_core::paths::ProfilePath;
use messaging_edge::{Path, Problem, Reader, Response, index, settings};

pub async fn get(Reader(caller): Reader, Path(at): Path<ProfilePath>) -> Result<Response, Problem> {
    let member_id = at.member_id(&caller, &settings::required("matrix_server_name").await?)?;
    let profile = index::profiles::get_profile(&caller, &member_id).await?;
    Ok(Response::document(StatusCode::OK, profile))
}

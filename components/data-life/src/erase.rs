//! POST begins the erasure of a person, GET says how far it is.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::life::{ErasurePath, PersonPath};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::life::{begin_erasure, get_erasure};
use messaging_edge::{Path, Problem, Response, acts};

pub async fn begin(internal: Internal, Path(at): Path<PersonPath>) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let member_id = at.member_id(gateway.server_name())?;
    // It manages every room, and is nobody.
    if member_id == acts::bot(&gateway).await? {
        return Err(Problem::not_found("member"));
    }
    let erasure = begin_erasure(&member_id, &gateway.matrix_id(&member_id), internal.service().id()).await?;
    Ok(Response::document(StatusCode::ACCEPTED, erasure))
}

pub async fn get(_: Internal, Path(at): Path<ErasurePath>) -> Result<Response, Problem> {
    Ok(Response::document(StatusCode::OK, get_erasure(at.erasure_id).await?))
}

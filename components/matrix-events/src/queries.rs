//! What the homeserver asks: does this user or room of your namespaces exist, and are you there?

use crate::homeserver::{Homeserver, MatrixError};
use http::StatusCode;
use messaging_core::ids::{EntityId, EntityKind};
use messaging_core::paths::{FromParams, Params};
use messaging_edge::{Path, Problem, Response, settings};
use serde_json::json;

/// The Matrix user id of the path.
pub struct UserPath(String);

impl FromParams for UserPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        Ok(Self(params.get("user_id").to_owned()))
    }
}

/// Any well-formed id of our namespaces is a user: the gateway registers it when it first acts.
pub async fn user(_: Homeserver, Path(UserPath(user_id)): Path<UserPath>) -> Result<Response, MatrixError> {
    let server_name = settings::required("matrix_server_name").await?;
    let is_ours = EntityId::from_matrix_user_id(&user_id, &server_name)
        .is_ok_and(|entity| entity.kind() != EntityKind::MatrixPerson);
    Ok(if is_ours { done() } else { not_found() })
}

/// The appservice claims no room aliases: a channel's alias is made together with its room.
pub async fn room(_: Homeserver) -> Result<Response, MatrixError> {
    Ok(not_found())
}

/// It is there.
pub async fn ping(_: Homeserver) -> Result<Response, MatrixError> {
    Ok(done())
}

fn done() -> Response {
    Response::raw_json(StatusCode::OK, "{}")
}

fn not_found() -> Response {
    let body = json!({"errcode": "M_NOT_FOUND", "error": "Not ours"});
    Response::raw_json(StatusCode::NOT_FOUND, body.to_string())
}

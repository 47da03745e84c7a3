//! What the homeserver asks: does this user or room of your namespaces exist?

use crate::matrix_error;
use http::StatusCode;
use messaging_core::ids::{EntityId, EntityKind};
use messaging_edge::{Problem, Reply, settings};

/// Any well-formed id of our namespaces is a user: the gateway registers it when it first acts.
pub async fn user(matrix_user_id: &str) -> Result<Reply, Problem> {
    let server_name = settings::required("matrix_server_name").await?;
    let ours = EntityId::from_matrix_user_id(matrix_user_id, &server_name)
        .is_ok_and(|entity| entity.kind() != EntityKind::MatrixPerson);
    Ok(if ours { Reply::raw_json(StatusCode::OK, "{}") } else { not_found() })
}

/// The appservice claims no room aliases: a channel's alias is made together with its room.
pub async fn room(_alias: &str) -> Result<Reply, Problem> {
    Ok(not_found())
}

fn not_found() -> Reply {
    matrix_error(StatusCode::NOT_FOUND, "M_NOT_FOUND", "Not ours")
}

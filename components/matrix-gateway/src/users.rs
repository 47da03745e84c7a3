//! POST `/internal/matrix/register-user` and `/users/token`, PUT `/users/{id}/display-name` and `/avatar`.

use crate::act;
use crate::error::GatewayError;
use crate::homeserver::{Acting, DEVICE, Homeserver, v3};
use crate::ids::{OwnUser, line_or_nothing, mxc_or_nothing, own_actor};
use crate::params::UserPath;
use http::{Method, StatusCode, header};
use messaging_core::gateway::{Avatar, DisplayName, RegisterUser, TokenFor, UserId, UserToken};
use messaging_edge::{Json, Path, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// The homeserver's response to a login.
#[derive(Deserialize)]
struct Login {
    user_id: String,
    access_token: String,
    device_id: String,
}

fn own(hs: &Homeserver, id: &str) -> Result<OwnUser, GatewayError> {
    own_actor(("user_id", Some(id)), ("user", None), hs.server_name())
}

/// Registers one of the gateway's own users; one that exists is no error.
pub async fn register_user(hs: Homeserver, Json(request): Json<RegisterUser>) -> Result<Response, GatewayError> {
    let user = own(&hs, &request.user_id)?;
    let avatar_url = request.avatar_url.as_deref().map(mxc_or_nothing).transpose()?;
    act::register(&hs, &user).await?;
    let display_name = request.display_name.as_deref();
    let display_name = display_name.map(|name| line_or_nothing("display_name", name)).transpose()?;
    for (field, value) in [("displayname", display_name), ("avatar_url", avatar_url)] {
        if let Some(value) = value {
            act::set_profile(&hs, &user, field, value).await?;
        }
    }
    user_id(user)
}

/// Sets a user's display name.
pub async fn set_display_name(
    hs: Homeserver,
    Path(path): Path<UserPath>,
    Json(change): Json<DisplayName>,
) -> Result<Response, GatewayError> {
    let name = line_or_nothing("display_name", &change.display_name)?;
    set_profile(&hs, own(&hs, &path.user_id)?, "displayname", name).await
}

/// Sets a user's picture; an empty text removes it.
pub async fn set_avatar(
    hs: Homeserver,
    Path(path): Path<UserPath>,
    Json(change): Json<Avatar>,
) -> Result<Response, GatewayError> {
    set_profile(&hs, own(&hs, &path.user_id)?, "avatar_url", mxc_or_nothing(&change.avatar_url)?).await
}

/// Sets one field of a profile; the user is registered first if it does not exist.
async fn set_profile(hs: &Homeserver, user: OwnUser, field: &str, value: &str) -> Result<Response, GatewayError> {
    match act::set_profile(hs, &user, field, value).await {
        Err(error) if error.is("M_FORBIDDEN") && act::register(hs, &user).await? => {
            act::set_profile(hs, &user, field, value).await?;
        }
        other => other?,
    }
    user_id(user)
}

fn user_id(user: OwnUser) -> Result<Response, GatewayError> {
    Ok(Response::json(StatusCode::OK, &UserId { user_id: user.user_id })?)
}

/// A token for a Matrix client of one of the gateway's own users (application service API, "Server admin style
/// permissions": login).
pub async fn token(hs: Homeserver, Json(request): Json<TokenFor>) -> Result<Response, GatewayError> {
    let user = own(&hs, &request.user_id)?;
    if request.device_id.as_deref() == Some(DEVICE) {
        // A client that logs this device out would make the homeserver forget the gateway's transaction ids.
        return Err(GatewayError::invalid(format!("device_id {DEVICE} is the gateway's own")));
    }
    if let Some(name) = &request.device_display_name {
        line_or_nothing("device_display_name", name)?;
    }
    let mut body = json!({
        "type": "m.login.application_service",
        "identifier": {"type": "m.id.user", "user": user.localpart()},
    });
    let optional = [("device_id", request.device_id), ("initial_device_display_name", request.device_display_name)];
    if let Some(fields) = body.as_object_mut() {
        fields
            .extend(optional.into_iter().filter_map(|(field, value)| Some((field.to_owned(), Value::String(value?)))));
    }
    let target = v3(&["login"]);
    let log_in = || hs.call::<Login>(Acting::Bot, Method::POST, &target, Some(&body));
    let login = match log_in().await {
        // For a user who is not registered Synapse has a 404, the specification a 403.
        Err(error)
            if matches!(error.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)
                && act::register(&hs, &user).await? =>
        {
            log_in().await?
        }
        other => other?,
    };
    let token = UserToken {
        matrix_user_id: login.user_id,
        access_token: login.access_token,
        device_id: login.device_id,
        home_server: hs.server_name().to_owned(),
    };
    Ok(Response::json(StatusCode::OK, &token)?.header(header::CACHE_CONTROL, "no-store"))
}

//! POST `/internal/matrix/register-user` and `/users/token`, PUT `/users/{id}/display-name` and `/avatar`.

use crate::act;
use crate::answer::Refusal;
use crate::homeserver::{Acting, DEVICE, Homeserver, v3};
use crate::ids::{OwnUser, mxc_or_nothing, own_actor};
use http::{Method, StatusCode};
use messaging_edge::{Reply, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
struct User {
    user_id: String,
    display_name: Option<String>,
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct DisplayName {
    display_name: String,
}

#[derive(Deserialize)]
struct Avatar {
    avatar_url: String,
}

#[derive(Deserialize)]
struct TokenFor {
    user_id: String,
    device_id: Option<String>,
    device_display_name: Option<String>,
}

#[derive(Deserialize)]
struct Login {
    user_id: String,
    access_token: String,
    device_id: String,
}

#[derive(Serialize)]
struct Token<'a> {
    matrix_user_id: String,
    access_token: String,
    device_id: String,
    home_server: &'a str,
}

fn own(hs: &Homeserver, id: &str) -> Result<OwnUser, Refusal> {
    own_actor(("user_id", Some(id)), ("user", None), &hs.server_name)
}

/// Registers one of ours; one that exists is no error.
pub async fn register(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let asked: User = request.json().await?;
    let user = own(hs, &asked.user_id)?;
    let avatar_url = asked.avatar_url.as_deref().map(mxc_or_nothing).transpose()?;
    act::register(hs, &user).await?;
    for (field, value) in [("displayname", asked.display_name.as_deref()), ("avatar_url", avatar_url)] {
        if let Some(value) = value {
            act::set_profile(hs, &user, field, value).await?;
        }
    }
    answer(&user)
}

/// Sets what somebody is called.
pub async fn display_name(hs: &Homeserver, id: &str, request: Request) -> Result<Reply, Refusal> {
    let asked: DisplayName = request.json().await?;
    profile(hs, &own(hs, id)?, "displayname", &asked.display_name).await
}

/// Sets somebody's picture; an empty text removes it.
pub async fn avatar(hs: &Homeserver, id: &str, request: Request) -> Result<Reply, Refusal> {
    let asked: Avatar = request.json().await?;
    profile(hs, &own(hs, id)?, "avatar_url", mxc_or_nothing(&asked.avatar_url)?).await
}

async fn profile(hs: &Homeserver, user: &OwnUser, field: &str, value: &str) -> Result<Reply, Refusal> {
    match act::set_profile(hs, user, field, value).await {
        Err(refusal) if refusal.is("M_FORBIDDEN") && act::register(hs, user).await? => {
            act::set_profile(hs, user, field, value).await?;
        }
        other => other?,
    }
    answer(user)
}

fn answer(user: &OwnUser) -> Result<Reply, Refusal> {
    Ok(Reply::json(StatusCode::OK, &json!({"user_id": user.user_id}))?)
}

/// A token of their own for one of ours, for a Matrix client (AS "Server admin style permissions", login).
pub async fn token(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let asked: TokenFor = request.json().await?;
    let user = own(hs, &asked.user_id)?;
    if asked.device_id.as_deref() == Some(DEVICE) {
        // Whoever logs that device out would make the homeserver forget our transaction ids.
        return Err(Refusal::invalid(format!("device_id {DEVICE} is the gateway's own")));
    }
    let mut body = json!({
        "type": "m.login.application_service",
        "identifier": {"type": "m.id.user", "user": user.localpart()},
    });
    let optional = [("device_id", asked.device_id), ("initial_device_display_name", asked.device_display_name)];
    if let Some(fields) = body.as_object_mut() {
        fields
            .extend(optional.into_iter().filter_map(|(field, value)| Some((field.to_owned(), Value::String(value?)))));
    }
    let target = v3(&["login"]);
    let log_in = || hs.call::<Login>(Acting::Bot, Method::POST, &target, Some(&body));
    let login = match log_in().await {
        // Not registered: Synapse answers a 404 then, the specification a 403.
        Err(refusal)
            if matches!(refusal.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)
                && act::register(hs, &user).await? =>
        {
            log_in().await?
        }
        other => other?,
    };
    let token = Token {
        matrix_user_id: login.user_id,
        access_token: login.access_token,
        device_id: login.device_id,
        home_server: &hs.server_name,
    };
    Ok(Reply::json(StatusCode::OK, &token)?.header(http::header::CACHE_CONTROL, "no-store"))
}

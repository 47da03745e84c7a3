//! `/api/messaging/channels/:channel_id/members`: list and invite.

use http::{Method, StatusCode};
use messaging_core::models::InviteMember;
use messaging_core::page::parse_limit;
use messaging_edge::store::{self, Page};
use messaging_edge::{Problem, Reply, Request, identity, invite, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;
use spin_sdk::pg::ParameterValue;

#[http_service]
async fn members(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::GET => list(&request).await,
        Method::POST => post(request).await,
        _ => Err(Problem::method_not_allowed("GET, POST")),
    }
}

async fn list(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let mut errors = Vec::new();
    // Who asks for no page gets as many as one page may hold: most channels have fewer members.
    let limit = parse_limit(request.query("limit").or(Some("200")), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let cursor = request.query("cursor").map(|text| {
        messaging_core::ids::ChannelMemberId::parse(text)
            .ok_or_else(|| Problem::invalid_parameter("cursor", "must come from a Link header"))
    });
    let [who, microdaos] = store::caller(&caller);
    let page: Page = store::call(
        "list_members",
        vec![
            who,
            microdaos,
            store::uuid(request.channel_id()?),
            ParameterValue::Int32(limit),
            cursor.transpose()?.map_or(ParameterValue::DbNull, store::uuid),
        ],
    )
    .await?;
    Ok(page.into_reply(request.path(), &format!("limit={limit}")))
}

async fn post(request: Request) -> Result<Reply, Problem> {
    let caller = identity::caller(&request).await?;
    let channel = request.channel_id()?;
    let key = request.idempotency_key(caller.id())?;
    let invitation: InviteMember = request.json().await?;
    let member = invite::invite(&caller, channel, &invitation, key.as_ref()).await?;
    Reply::json(StatusCode::CREATED, &member)
}

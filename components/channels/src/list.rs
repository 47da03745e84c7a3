//! GET: the channels that the caller may see, newest first.

use messaging_core::ids::{ChannelId, MicrodaoId};
use messaging_core::page::{Position, parse_limit};
use messaging_edge::store::{self, Page};
use messaging_edge::{Problem, Reply, Request, identity};
use spin_sdk::pg::ParameterValue;

pub async fn list(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let mut errors = Vec::new();
    let limit = parse_limit(request.query("limit"), &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let microdao = request.query("microdao_id").map(MicrodaoId::parse).transpose();
    let microdao = microdao.map_err(|e| Problem::invalid_parameter("microdao_id", e.0))?;
    let cursor = request.query("cursor").map(|text| {
        parse_cursor(text).ok_or_else(|| Problem::invalid_parameter("cursor", "must come from a Link header"))
    });
    let (time, id) = cursor.transpose()?.unzip();

    let [who, microdaos] = store::caller(&caller);
    let page: Page = store::call(
        "list_channels",
        vec![
            who,
            microdaos,
            store::nullable(microdao.as_ref().map(MicrodaoId::as_str)),
            ParameterValue::Int32(limit),
            store::nullable(time),
            id.map_or(ParameterValue::DbNull, store::uuid),
        ],
    )
    .await?;
    let mut keep = format!("limit={limit}");
    if let Some(microdao) = microdao {
        keep.push_str("&microdao_id=");
        keep.push_str(microdao.as_str());
    }
    Ok(page.into_reply(request.path(), &keep))
}

/// A cursor is the place of the last channel of the page before: `<created_at>_<id>`.
fn parse_cursor(text: &str) -> Option<(String, ChannelId)> {
    let (time, id) = text.split_once('_')?;
    match Position::parse(time)? {
        Position::Time(time) => Some((time, ChannelId::parse(id)?)),
        Position::Seq(_) | Position::Message(_) => None,
    }
}

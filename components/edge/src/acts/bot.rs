//! The bot, for acts that are nobody's else.

use crate::gateway::Gateway;
use crate::{Problem, settings};
use messaging_core::ids::EntityId;

/// Reads `matrix_bot_localpart`.
pub async fn bot(gateway: &Gateway) -> Result<EntityId, Problem> {
    let bot = format!("@{}:{}", settings::required("matrix_bot_localpart").await?, gateway.server_name());
    EntityId::parse(&bot).map_err(|_| Problem::internal("matrix_bot_localpart makes no Matrix id"))
}

//! Who may read a channel: decided by the database, in the statement that also says how far the channel has come.

use crate::database::{Database, DatabaseError};
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;

/// Whether a caller may read a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The caller may read. The channel's last number was this one when that was decided.
    Granted(Seq),
    /// The channel exists, and the caller may not read it.
    Denied,
    /// There is no such channel, or it is archived and the caller may not read it.
    Gone,
}

/// Decides for `caller`; without one only public channels can be read.
pub async fn check(database: &Database, caller: Option<&Caller>, channel: ChannelId) -> Result<Access, DatabaseError> {
    let id = caller.map(|caller| caller.id().as_str());
    let microdaos: Option<Vec<&str>> = match caller.map(|caller| caller.microdaos()) {
        Some(MicroDaos::Every) => None,
        Some(MicroDaos::Only(list)) => Some(list.iter().map(|microdao| microdao.as_str()).collect()),
        None => Some(Vec::new()),
    };
    let sql = "SELECT messaging.may_read($1::text, $2::text[], c.id), c.archived_at IS NOT NULL, c.last_seq
               FROM public.channels c WHERE c.id = $3";
    let rows = database.query(sql, &[&id, &microdaos, &channel.0]).await?;
    let Some(row) = rows.first() else { return Ok(Access::Gone) };
    Ok(match (row.try_get::<_, Option<bool>>(0)?, row.try_get(1)?) {
        (Some(true), _) => Access::Granted(row.try_get(2)?),
        (_, true) => Access::Gone,
        _ => Access::Denied,
    })
}

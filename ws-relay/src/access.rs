//! Who may read what: decided by the database, in the statement that also says how far the channel has come.

use crate::database::{Database, DatabaseError};
use crate::event::Seq;
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::ids::ChannelId;

/// The answer for one caller and one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// May read; everything up to this number was there when it was decided.
    Granted(Seq),
    /// The channel exists, but is not for this caller.
    Denied,
    /// There is no such channel any more.
    Gone,
}

/// Asks for `caller`; without one only public channels can be read.
pub async fn check(database: &Database, caller: Option<&Caller>, channel: ChannelId) -> Result<Access, DatabaseError> {
    let id = caller.map(|caller| caller.id().as_str());
    let microdaos: Option<Vec<&str>> = match caller.map(|caller| caller.microdaos()) {
        Some(MicroDaos::Every) => None,
        Some(MicroDaos::Only(list)) => Some(list.iter().map(|microdao| microdao.as_str()).collect()),
        None => Some(Vec::new()),
    };
    let sql = "SELECT messaging.may_read($1::text, $2::text[], c.id), c.archived_at IS NOT NULL, c.last_seq
               FROM channels c WHERE c.id = $3";
    let rows = database.query(sql, &[&id, &microdaos, &channel.0]).await?;
    let Some(row) = rows.first() else { return Ok(Access::Gone) };
    Ok(match (row.try_get::<_, Option<bool>>(0)?, row.try_get(1)?) {
        (Some(true), _) => Access::Granted(row.try_get(2)?),
        (_, true) => Access::Gone,
        _ => Access::Denied,
    })
}

//! The index's functions, each a statement that a connection has prepared once.

use anyhow::{Context, Error, bail};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::ids::{EntityId, MessageId};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tokio_postgres::NoTls;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// As many as wait at once in the measurement.
const CONNECTIONS: usize = 32;

const LIST_CHANNELS: &str = "SELECT refusal::text, document::text FROM messaging.list_channels(p_caller => $1, \
    p_microdaos => $2, p_microdao_id => $3, p_limit => $4, p_before_time => NULL, p_before_id => NULL, p_joined => false, \
    p_by_activity => false)";
const GET_CHANNEL: &str = "SELECT refusal::text, document::text FROM messaging.get_channel(p_caller => $1, \
    p_microdaos => $2, p_channel_id => $3)";
const LIST_MEMBERS: &str = "SELECT refusal::text, document::text FROM messaging.list_members(p_caller => $1, \
    p_microdaos => $2, p_channel_id => $3, p_limit => $4, p_after => NULL)";
const LIST_MESSAGES: &str = "SELECT refusal::text, document::text FROM messaging.list_messages(p_caller => $1, \
    p_microdaos => $2, p_channel_id => $3, p_limit => $4, p_before => NULL, p_after => NULL, p_thread_id => NULL, \
    p_with_deleted => false)";
const GET_MESSAGE: &str = "SELECT refusal::text, document::text FROM messaging.get_message(p_caller => $1, \
    p_microdaos => $2, p_channel_id => $3, p_message_id => $4)";
const PREPARE_SEND: &str = "SELECT refusal::text, document::text, \
    current_setting('messaging.nearest_limit', true) AS nearest_limit FROM messaging.prepare_send(p_caller => $1, \
    p_microdaos => $2, p_channel_id => $3, p_reply_to => NULL, p_client_key => NULL, p_fingerprint => NULL, \
    p_is_encrypted => false, p_route => NULL, p_mentions_room => false, p_thread_id => NULL, \
    p_content_uris => '{}', p_limits => $4::text::jsonb)";
const RECORD_MESSAGE: &str = "SELECT refusal::text, document::text FROM \
    set_config('messaging.request_id', $1, true) AS told, LATERAL (SELECT f.refusal, f.document FROM \
    messaging.record_message(p_room_id => $2, p_message_id => $3, p_event_id => $4, p_matrix_type => 'm.room.message', \
    p_sender_id => $5, p_sender_type => $6, p_sender_matrix_id => $7, p_content_preview => $8, p_content_type => 'text', \
    p_reply_to_event_id => NULL, p_client_key => NULL, p_fingerprint => NULL, p_sent_at => NULL, p_joined_at => NULL, \
    p_is_pushed => false, p_mentions => '{}', p_thread_event_id => NULL, p_search => $9::text::jsonb, \
    p_pushed_content => NULL) AS f WHERE told.told IS NOT NULL OFFSET 0) AS r";

/// A page of rows.
#[derive(Deserialize)]
pub struct Page {
    /// A JSON array.
    pub items: Box<RawValue>,
    /// The queries of the pages beside it, by relation.
    #[serde(default)]
    pub links: BTreeMap<String, Option<String>>,
}

/// A message, and where its content is.
#[derive(Deserialize)]
pub struct Found {
    /// The room that holds the event.
    pub room_id: String,
    /// The event.
    pub event_id: String,
    /// The row.
    pub message: Map<String, Value>,
}

/// A message that is in Matrix.
pub struct Sent<'a> {
    /// Its room.
    pub room_id: &'a str,
    /// Its event.
    pub event_id: &'a str,
    /// Who sent it.
    pub sender: &'a EntityId,
    /// The same in Matrix.
    pub matrix_id: &'a str,
    /// The text's beginning.
    pub preview: &'a str,
    /// What it is found by, as JSON.
    pub search: &'a str,
}

/// The database.
pub struct Index(Pool);

impl Index {
    /// Connections are made when they are needed, and handed on without a question.
    pub fn open(url: &str) -> Result<Self, Error> {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(url.parse()?, NoTls, config);
        Ok(Self(Pool::builder(manager).max_size(CONNECTIONS).build()?))
    }

    async fn ask(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<String, Error> {
        let connection = self.0.get().await?;
        let prepared = connection.prepare_cached(statement).await?;
        let row = connection.query_one(&prepared, values).await?;
        if let Some(refusal) = row.try_get::<_, Option<String>>(0)? {
            bail!("refused: {refusal}");
        }
        row.try_get::<_, Option<String>>(1)?.context("no document")
    }

    /// A page of channels.
    pub async fn list_channels(&self, caller: &Caller, microdao: Option<&str>, limit: i32) -> Result<Page, Error> {
        let (id, microdaos) = who(caller);
        read(&self.ask(LIST_CHANNELS, &[&id, &microdaos, &microdao, &limit]).await?)
    }

    /// A channel, as PostgreSQL wrote it.
    pub async fn get_channel(&self, caller: &Caller, channel: Uuid) -> Result<String, Error> {
        let (id, microdaos) = who(caller);
        self.ask(GET_CHANNEL, &[&id, &microdaos, &channel]).await
    }

    /// A page of members.
    pub async fn list_members(&self, caller: &Caller, channel: Uuid, limit: i32) -> Result<Page, Error> {
        let (id, microdaos) = who(caller);
        read(&self.ask(LIST_MEMBERS, &[&id, &microdaos, &channel, &limit]).await?)
    }

    /// The newest messages.
    pub async fn list_messages(&self, caller: &Caller, channel: Uuid, limit: i32) -> Result<Page, Error> {
        let (id, microdaos) = who(caller);
        read(&self.ask(LIST_MESSAGES, &[&id, &microdaos, &channel, &limit]).await?)
    }

    /// A message.
    pub async fn get_message(&self, caller: &Caller, channel: Uuid, message: Uuid) -> Result<Found, Error> {
        let (id, microdaos) = who(caller);
        read(&self.ask(GET_MESSAGE, &[&id, &microdaos, &channel, &message]).await?)
    }

    /// Whether the caller may send; the channel's room.
    pub async fn prepare_send(&self, caller: &Caller, channel: Uuid, limits: &str) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Prepared {
            room_id: String,
        }
        let (id, microdaos) = who(caller);
        let prepared: Prepared = read(&self.ask(PREPARE_SEND, &[&id, &microdaos, &channel, &limits]).await?)?;
        Ok(prepared.room_id)
    }

    /// Indexes a message; its row.
    pub async fn record_message(&self, sent: &Sent<'_>) -> Result<Box<RawValue>, Error> {
        #[derive(Deserialize)]
        struct Recorded {
            message: Box<RawValue>,
        }
        let request_id = Uuid::new_v4().to_string();
        let message_id: Uuid = MessageId::of_event(sent.event_id).to_string().parse()?;
        let (sender, sender_type) = (sent.sender.as_str(), sent.sender.member_type());
        let values: [&(dyn ToSql + Sync); 9] = [
            &request_id,
            &sent.room_id,
            &message_id,
            &sent.event_id,
            &sender,
            &sender_type,
            &sent.matrix_id,
            &sent.preview,
            &sent.search,
        ];
        let recorded: Recorded = read(&self.ask(RECORD_MESSAGE, &values).await?)?;
        Ok(recorded.message)
    }
}

fn who(caller: &Caller) -> (&str, Option<Vec<&str>>) {
    let microdaos = match caller.microdaos() {
        MicroDaos::Every => None,
        MicroDaos::Only(list) => Some(list.iter().map(|id| id.as_str()).collect()),
    };
    (caller.id().as_str(), microdaos)
}

fn read<'a, T: Deserialize<'a>>(document: &'a str) -> Result<T, Error> {
    serde_json::from_str(document).context("the index gave another document")
}

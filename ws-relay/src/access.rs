//! Who may read a channel: decided by the database, in the statement that also says how far the channel has come.

use crate::database::{Database, DatabaseError};
use crate::metrics::Metrics;
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::channel::Visibility;
use messaging_core::event::{Openness, Seq};
use messaging_core::ids::ChannelId;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as InvalidText, StrDeserializer};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Mutex, oneshot};
use tokio_postgres::Row;
use uuid::Uuid;

/// Questions that one statement answers at most.
const BATCH: usize = 256;
/// Statements at a time. What is asked meanwhile waits and goes into one of the next, so that however many sockets
/// ask at once, most of the pool stays free for the log.
const PARALLEL: usize = 3;

/// Who reads when nobody is named, in development mode: an id that is no caller's and no member's.
const NAMELESS: &str = "nameless";

/// Whether a caller may read a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The caller may read.
    Granted {
        /// The channel's last number when that was decided.
        head: Seq,
        /// What it was decided by, besides the caller's membership.
        openness: Openness,
    },
    /// The caller knows of the channel, and may not read it.
    Denied,
    /// There is no such channel, or the caller may not know of it.
    Unknown,
    /// The channel is archived, and the caller may not read it.
    Gone,
}

/// An answer of the database.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Whether the caller may read the channel.
    pub access: Access,
    /// The channel as REST shows it, for a caller who may know of it; only when it was asked for.
    pub channel: Option<String>,
    /// What the channel is to a caller who may read it, and the others' receipts; only when it was asked for.
    pub reading: Option<String>,
}

/// The database did not answer. For the log; callers are told that the service is unavailable.
#[derive(Debug, Clone)]
pub struct Unavailable(Arc<str>);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<DatabaseError> for Unavailable {
    fn from(e: DatabaseError) -> Self {
        Self(e.to_string().into())
    }
}

/// What is wanted besides the access.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Nothing,
    Channel,
    Reading,
}

struct Question {
    caller: String,
    /// With commas between them, which no name of a microDAO has; `None` for all.
    microdaos: Option<String>,
    channel: Uuid,
    wants: Wants,
    answer: oneshot::Sender<Result<Answer, Unavailable>>,
}

/// Asks the database on behalf of all sockets, many questions in one statement. Cheap to clone.
#[derive(Clone)]
pub struct AccessChecks {
    /// Bounded by the sockets, each of which waits for one answer at a time.
    questions: UnboundedSender<Question>,
}

impl AccessChecks {
    /// Starts the tasks that ask; they end with the last clone.
    pub fn start(database: &Database, metrics: &Arc<Metrics>) -> Self {
        let (questions, asked) = unbounded_channel();
        let asked = Arc::new(Mutex::new(asked));
        for _ in 0..PARALLEL {
            tokio::spawn(run(database.clone(), asked.clone(), metrics.clone()));
        }
        Self { questions }
    }

    /// Decides whether `caller` may read `channel`. Without a caller, which only development mode allows, it is a
    /// reader who belongs to every microDAO.
    pub async fn check(&self, caller: Option<&Caller>, channel: ChannelId) -> Result<Access, Unavailable> {
        Ok(self.ask(caller, channel, Wants::Nothing).await?.access)
    }

    /// The same, with the channel as it is.
    pub async fn show(&self, caller: &Caller, channel: ChannelId) -> Result<Answer, Unavailable> {
        self.ask(Some(caller), channel, Wants::Channel).await
    }

    /// What `channel` is to `caller` at the moment, and how far the others have read; `None` when they may not read it.
    pub async fn reading(&self, caller: &Caller, channel: ChannelId) -> Result<Option<String>, Unavailable> {
        Ok(self.ask(Some(caller), channel, Wants::Reading).await?.reading)
    }

    async fn ask(&self, caller: Option<&Caller>, channel: ChannelId, wants: Wants) -> Result<Answer, Unavailable> {
        let microdaos = match caller.map(Caller::microdaos) {
            Some(MicroDaos::Only(list)) => {
                Some(list.iter().map(|microdao| microdao.as_str()).collect::<Vec<_>>().join(","))
            }
            Some(MicroDaos::Every) | None => None,
        };
        let caller = caller.map_or(NAMELESS, |caller| caller.id().as_str()).to_owned();
        let (answer, answered) = oneshot::channel();
        let question = Question { caller, microdaos, channel: channel.0, wants, answer };
        let stopped = || Unavailable("the checks of access have stopped".into());
        self.questions.send(question).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

async fn run(database: Database, asked: Arc<Mutex<UnboundedReceiver<Question>>>, metrics: Arc<Metrics>) {
    loop {
        let mut batch = Vec::new();
        if asked.lock().await.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        // Who has gone meanwhile needs no answer.
        batch.retain(|question| !question.answer.is_closed());
        metrics.access_checks.inc_by(u64::try_from(batch.len()).unwrap_or(0));
        let answers = answer(&database, &batch).await.map_err(Unavailable::from);
        for (n, question) in batch.into_iter().enumerate() {
            let unknown = Answer { access: Access::Unknown, channel: None, reading: None };
            let answer = answers.as_ref().map(|answers| answers.get(n).cloned().flatten().unwrap_or(unknown));
            let _ = question.answer.send(answer.map_err(Clone::clone));
        }
    }
}

/// An answer for each question whose channel exists.
async fn answer(database: &Database, batch: &[Question]) -> Result<Vec<Option<Answer>>, DatabaseError> {
    let mut answers = vec![None; batch.len()];
    if batch.is_empty() {
        return Ok(answers);
    }
    let callers: Vec<_> = batch.iter().map(|question| question.caller.as_str()).collect();
    let microdaos: Vec<_> = batch.iter().map(|question| question.microdaos.as_deref()).collect();
    let channels: Vec<_> = batch.iter().map(|question| question.channel).collect();
    let shows: Vec<_> = batch.iter().map(|question| question.wants == Wants::Channel).collect();
    let reads: Vec<_> = batch.iter().map(|question| question.wants == Wants::Reading).collect();
    let sql = "SELECT q.n, a.access, c.archived_at IS NOT NULL, c.last_seq, c.visibility, c.is_direct, c.is_encrypted,
                   CASE WHEN q.shows AND a.access <> 'none' THEN messaging.channel_json(c)::text END,
                   CASE WHEN q.reads AND a.access = 'reads' THEN (
                       SELECT r.document::text FROM messaging.get_reading(p_caller => q.caller,
                           p_microdaos => string_to_array(q.microdaos, ','), p_channel_id => c.id) r) END
               FROM unnest($1::text[], $2::text[], $3::uuid[], $4::boolean[], $5::boolean[])
                   WITH ORDINALITY AS q (caller, microdaos, channel_id, shows, reads, n)
               JOIN public.channels c ON c.id = q.channel_id
               CROSS JOIN LATERAL messaging.access(c, q.caller, string_to_array(q.microdaos, ',')) AS a (access)";
    for row in database.query(sql, &[&callers, &microdaos, &channels, &shows, &reads]).await? {
        let n = usize::try_from(row.try_get::<_, i64>(0)?).unwrap_or(0);
        if let Some(answer) = n.checked_sub(1).and_then(|n| answers.get_mut(n)) {
            *answer = Some(Answer { access: access(&row)?, channel: row.try_get(7)?, reading: row.try_get(8)? });
        }
    }
    Ok(answers)
}

fn access(row: &Row) -> Result<Access, tokio_postgres::Error> {
    let text: StrDeserializer<'_, InvalidText> = row.try_get::<_, &str>(4)?.into_deserializer();
    // A value that this version does not know is one that is not public.
    let visibility = Visibility::deserialize(text).unwrap_or(Visibility::Private);
    Ok(match (row.try_get(1)?, row.try_get(2)?) {
        ("reads", _) => Access::Granted {
            head: row.try_get(3)?,
            openness: Openness { visibility, is_direct: row.try_get(5)?, is_encrypted: row.try_get(6)? },
        },
        (_, true) => Access::Gone,
        ("knows", _) => Access::Denied,
        _ => Access::Unknown,
    })
}

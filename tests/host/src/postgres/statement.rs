//! Running statements. Each is prepared and then run, as Spin does it: nothing stays prepared between requests.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::StreamExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{RowStream, error::DbError as ServerError, types::ToSql};
use wasmtime::{
    StoreContextMut,
    component::{Destination, StreamProducer, StreamResult},
};

use super::{parameters, pool::Client, values};
use crate::bindings::postgres::{Column, DbError, Error, ParameterValue, QueryError, Row, RowSet};

/// Bytes of a result that are held at most: of a whole one without streaming, of one row with it.
const LIMIT: usize = 128 << 20;

/// Rows that wait for the guest to read them.
const ROWS_AHEAD: usize = 4;

type Outcome = Result<(), Error>;

/// Runs a statement that returns no rows, and tells how many it touched.
pub async fn execute(client: &Client, text: &str, given: &[ParameterValue]) -> Result<u64, Error> {
    let converted = parameters::convert(given).map_err(|error| Error::ValueConversionFailed(format!("{error:?}")))?;
    let parameters: Vec<&(dyn ToSql + Sync)> =
        converted.iter().map(|parameter| parameter.as_ref() as &(dyn ToSql + Sync)).collect();
    client.execute(text, &parameters).await.map_err(failed)
}

/// Runs a statement and collects its rows.
pub async fn query(client: &Client, text: &str, given: &[ParameterValue]) -> Result<RowSet, Error> {
    let mut rows = start(client, text, given).await?;
    let mut set = RowSet { columns: Vec::new(), rows: Vec::new() };
    let mut size = size_of::<RowSet>();
    // Spin wraps even the database's own errors into text here.
    let as_text = |error| Error::QueryFailed(QueryError::Text(format!("{error:?}")));
    while let Some(row) = rows.next().await {
        let row = row.map_err(failed).map_err(as_text)?;
        let converted = convert(&row).map_err(as_text)?;
        size += converted.iter().map(values::size).sum::<usize>();
        if size > LIMIT {
            return Err(too_large());
        }
        if set.rows.is_empty() {
            set.columns = values::columns(&row);
        }
        set.rows.push(converted);
    }
    Ok(set)
}

/// Runs a statement, and hands its rows on while they come.
///
/// What goes wrong once it runs is in the outcome only. The columns are those of the first row: none without rows.
pub async fn stream(
    client: &Client,
    text: &str,
    given: &[ParameterValue],
) -> Result<(Vec<Column>, Rows, oneshot::Receiver<Outcome>), Error> {
    let rows = start(client, text, given).await?;
    let (columns_sender, columns) = oneshot::channel();
    let (row_sender, row_receiver) = mpsc::channel(ROWS_AHEAD);
    let (outcome_sender, outcome) = oneshot::channel();
    tokio::spawn(async move {
        let result = forward(rows, columns_sender, row_sender).await;
        // Nobody may be waiting for it.
        let _ = outcome_sender.send(result);
    });
    Ok((columns.await.unwrap_or_default(), Rows(row_receiver), outcome))
}

async fn forward(
    mut rows: Pin<Box<RowStream>>,
    columns_sender: oneshot::Sender<Vec<Column>>,
    sender: mpsc::Sender<Row>,
) -> Outcome {
    let mut columns_sender = Some(columns_sender);
    loop {
        let next = tokio::select! {
            biased;
            // The guest reads no further.
            () = sender.closed() => return Ok(()),
            next = rows.next() => next,
        };
        let Some(next) = next else { return Ok(()) };
        let row = next.map_err(failed)?;
        if let Some(columns_sender) = columns_sender.take() {
            let _ = columns_sender.send(values::columns(&row));
        }
        let row = convert(&row)?;
        if row.iter().map(values::size).sum::<usize>() > LIMIT {
            return Err(too_large());
        }
        if sender.send(row).await.is_err() {
            return Ok(());
        }
    }
}

async fn start(client: &Client, text: &str, given: &[ParameterValue]) -> Result<Pin<Box<RowStream>>, Error> {
    let parameters = parameters::convert(given).map_err(|error| Error::BadParameter(format!("{error:?}")))?;
    let rows = client.query_raw(text, parameters).await.map_err(failed)?;
    Ok(Box::pin(rows))
}

fn convert(row: &tokio_postgres::Row) -> Result<Row, Error> {
    values::convert(row).map_err(|error| Error::QueryFailed(QueryError::Text(format!("{error:?}"))))
}

fn too_large() -> Error {
    Error::QueryFailed(QueryError::Text(format!("query result exceeds limit of {LIMIT} bytes")))
}

fn failed(error: tokio_postgres::Error) -> Error {
    let as_text = format!("{error:?}");
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(as_text),
        Some(server) => QueryError::DbError(DbError {
            as_text,
            severity: server.severity().to_owned(),
            code: server.code().code().to_owned(),
            message: server.message().to_owned(),
            detail: server.detail().map(ToOwned::to_owned),
            extras: extras(server),
        }),
    })
}

/// Whatever else the server told, under the names that Spin gives it.
fn extras(error: &ServerError) -> Vec<(String, String)> {
    let line = error.line().map(|line| line.to_string());
    [
        ("column", error.column()),
        ("constraint", error.constraint()),
        ("routine", error.routine()),
        ("hint", error.hint()),
        ("table", error.table()),
        ("datatype", error.datatype()),
        ("schema", error.schema()),
        ("file", error.file()),
        ("line", line.as_deref()),
        ("where_", error.where_()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}

/// The readable end of a query, as a stream of the component model.
pub struct Rows(mpsc::Receiver<Row>);

impl<D> StreamProducer<D> for Rows {
    type Item = Row;
    type Buffer = Option<Row>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        // The guest only asks whether there would be something.
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.0.poll_recv(context) {
            Poll::Ready(Some(row)) => {
                destination.set_buffer(Some(row));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}

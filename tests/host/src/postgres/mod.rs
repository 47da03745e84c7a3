//! `spin:postgres@4.2.0`: connections from a pool per component and connection string.
#![allow(clippy::result_large_err, reason = "the interface's error is what it is, and is passed on as it is")]

mod parameters;
mod pool;
mod ranges;
mod statement;
mod values;
mod wire;

use std::sync::Arc;

use wasmtime::component::{Accessor, FutureReader, HasData, Resource, ResourceTable, StreamReader};

use self::pool::Client;
pub use self::pool::Pools;
use crate::{
    app::Component,
    bindings::postgres::{
        Column, Error, Host, HostConnection, HostConnectionBuilder, HostConnectionBuilderWithStore,
        HostConnectionWithStore, ParameterValue, Row, RowSet,
    },
};

/// The state behind the interface, as the linker wants it named.
pub struct Postgres;

/// What a call gets to see of the store.
pub struct View<'a> {
    /// The guest's resources.
    pub table: &'a mut ResourceTable,
    /// The component that calls.
    pub component: &'a Arc<Component>,
}

impl HasData for Postgres {
    type Data<'a> = View<'a>;
}

/// A guest's connection. It goes back to the pool when the guest, and every query of its, has let go of it.
pub struct Connection(Client);

/// A connection to be.
pub struct Builder {
    address: String,
}

type Opened = Result<Resource<Connection>, Error>;
type Streamed = (Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>);

impl View<'_> {
    async fn connect(&mut self, address: &str) -> Opened {
        let client = pool::open(self.component, address).await?;
        self.keep(client)
    }

    fn keep(&mut self, client: Client) -> Opened {
        self.table.push(Connection(client)).map_err(|_| Error::ConnectionFailed("too many connections".to_owned()))
    }

    fn client(&self, connection: &Resource<Connection>) -> Result<Client, Error> {
        self.table
            .get(connection)
            .map(|connection| Arc::clone(&connection.0))
            .map_err(|_| Error::ConnectionFailed("no connection found".to_owned()))
    }

    fn address(&self, builder: &Resource<Builder>) -> Result<String, Error> {
        self.table
            .get(builder)
            .map(|builder| builder.address.clone())
            .map_err(|_| Error::ConnectionFailed("no builder found".to_owned()))
    }
}

impl Host for View<'_> {}

impl HostConnectionBuilder for View<'_> {
    async fn new(&mut self, address: String) -> wasmtime::Result<Resource<Builder>> {
        Ok(self.table.push(Builder { address })?)
    }

    async fn set_ca_root(&mut self, _: Resource<Builder>, _: String) -> Result<(), Error> {
        Err(Error::Other("the local host does not offer TLS to databases".to_owned()))
    }

    async fn build(&mut self, builder: Resource<Builder>) -> Opened {
        let address = self.address(&builder)?;
        self.connect(&address).await
    }

    async fn drop(&mut self, builder: Resource<Builder>) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl HostConnection for View<'_> {
    async fn open(&mut self, address: String) -> Opened {
        self.connect(&address).await
    }

    async fn query(
        &mut self,
        connection: Resource<Connection>,
        text: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<RowSet, Error> {
        statement::query(&self.client(&connection)?, &text, &parameters).await
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        text: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<u64, Error> {
        statement::execute(&self.client(&connection)?, &text, &parameters).await
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

/// Opens a connection without holding the store, so that other tasks of the instance go on meanwhile.
async fn open_concurrently<T>(accessor: &Accessor<T, Postgres>, address: &str) -> Opened {
    let component = accessor.with(|mut access| Arc::clone(access.get().component));
    let client = pool::open(&component, address).await?;
    accessor.with(|mut access| access.get().keep(client))
}

impl<T> HostConnectionBuilderWithStore<T> for Postgres {
    async fn build_async(accessor: &Accessor<T, Self>, builder: Resource<Builder>) -> Opened {
        let address = accessor.with(|mut access| access.get().address(&builder))?;
        open_concurrently(accessor, &address).await
    }
}

impl<T> HostConnectionWithStore<T> for Postgres {
    async fn open_async(accessor: &Accessor<T, Self>, address: String) -> Opened {
        open_concurrently(accessor, &address).await
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        text: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<Streamed, Error> {
        let client = accessor.with(|mut access| access.get().client(&connection))?;
        let (columns, rows, outcome) = statement::stream(&client, &text, &parameters).await?;
        accessor
            .with(|mut access| {
                wasmtime::error::Ok((
                    columns,
                    StreamReader::new(&mut access, rows)?,
                    FutureReader::new(&mut access, outcome)?,
                ))
            })
            .map_err(|error| Error::Other(error.to_string()))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        text: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<u64, Error> {
        let client = accessor.with(|mut access| access.get().client(&connection))?;
        statement::execute(&client, &text, &parameters).await
    }
}

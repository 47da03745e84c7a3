//! Pools of connections, with Spin's sizes and its way of cleaning a connection before the next use.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::{Config, NoTls, config::Host};

use crate::{app::Component, bindings::postgres::Error, hosts::AllowedHosts};

/// Connections per component and connection string; who comes next waits without a limit.
const CONNECTIONS: usize = 64;

/// A pooled connection, shared by the guest's handle and the queries that still run on it.
pub type Client = Arc<deadpool_postgres::Object>;

/// The pools of one component, by connection string.
#[derive(Default)]
pub struct Pools(Mutex<HashMap<String, Pool>>);

/// Takes a connection to an address that the component is allowed to call.
///
/// # Errors
/// `connection-failed` when the address is malformed or not allowed, or the database does not answer.
pub async fn open(component: &Component, address: &str) -> Result<Client, Error> {
    let config = check(&component.allowed_hosts, address).map_err(Error::ConnectionFailed)?;
    let failed = |error: anyhow::Error| Error::ConnectionFailed(format!("{error:?}"));
    let pool = component.pools.get(address, config).map_err(failed)?;
    match pool.get().await {
        Ok(client) => Ok(Arc::new(client)),
        Err(error) => Err(failed(error.into())),
    }
}

impl Pools {
    fn get(&self, address: &str, config: Config) -> anyhow::Result<Pool> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(address) {
            return Ok(pool.clone());
        }
        let manager = Manager::from_config(
            config,
            NoTls,
            ManagerConfig {
                // Settings, cursors and temporary tables go, an open transaction stays: the next request finds itself
                // in it. A component must never rely on a rollback.
                recycling_method: RecyclingMethod::Clean,
            },
        );
        let pool =
            Pool::builder(manager).max_size(CONNECTIONS).build().context("building PostgreSQL connection pool")?;
        pools.insert(address.to_owned(), pool.clone());
        Ok(pool)
    }
}

fn check(allowed: &AllowedHosts, address: &str) -> Result<Config, String> {
    let config: Config = address.parse().map_err(|error: tokio_postgres::Error| error.to_string())?;
    for (place, host) in config.get_hosts().iter().enumerate() {
        let Host::Tcp(host) = host else {
            return Err("Unix sockets are not supported on WebAssembly".to_owned());
        };
        let place = match config.get_ports() {
            [port] => Some(port),
            ports => ports.get(place),
        };
        let url = match place {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        if !allowed.allow(&url, "postgres") {
            return Err(format!("address postgres://{url} is not permitted"));
        }
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Variables;

    fn checked(address: &str) -> Result<(), String> {
        let none = Variables::resolve(&indexmap::IndexMap::new(), |_| None).unwrap();
        let entries = ["postgres://db:5433".to_owned(), "postgres://other".to_owned()];
        let allowed = AllowedHosts::parse(&entries, &none, &[]).unwrap();
        check(&allowed, address).map(|_| ())
    }

    #[test]
    fn every_host_of_a_connection_string_has_to_be_allowed() {
        for right in [
            "postgres://me:secret@db:5433/app",
            "host=db port=5433 user=me",
            "host=other user=me",
            "postgres://me@other/app?sslmode=disable",
            "host=db,other port=5433,5432 user=me",
        ] {
            assert_eq!(checked(right), Ok(()), "{right}");
        }
        for wrong in [
            "postgres://me@db/app",
            "postgres://me@db:5432/app",
            "host=db,third port=5433 user=me",
            "host=/tmp user=me",
            "not an address",
        ] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }
}

//! Connections to exactly the address that was checked.

use super::guard;
use anyhow::{Context, anyhow, bail, ensure};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// How many addresses of a name are looked at. A name with more is refused, as all of them have to be checked.
const MAX_ADDRESSES: usize = 32;
/// How many of them are tried.
const TRIES: usize = 3;

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Finds the addresses behind a name.
pub trait Resolve: Send + Sync {
    /// All of them, asked once.
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;
}

/// The system's resolver.
pub struct System;

impl Resolve for System {
    fn resolve<'a>(
        &'a self,
        name: &'a str,
        port: u16,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        Box::pin(async move { Ok(lookup_host((name, port)).await?.collect()) })
    }
}

/// Names that lead to an address that nothing else may lead to. Only in development mode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestHosts(HashMap<String, SocketAddr>);

impl TestHosts {
    /// Reads `name=address:port`, several with commas.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, address) = pair.split_once('=').with_context(|| format!("{pair:?} is not name=address:port"))?;
            let address = address.parse().with_context(|| format!("{address:?} is no address with a port"))?;
            Ok((name.to_ascii_lowercase(), address))
        });
        pairs.collect::<anyhow::Result<_>>().map(Self)
    }
}

/// Opens connections.
#[derive(Clone)]
pub struct Connector {
    resolver: Arc<dyn Resolve>,
    test_hosts: TestHosts,
    tls: Arc<ClientConfig>,
}

impl Connector {
    /// With the way to find addresses and to check certificates.
    pub fn new(resolver: Arc<dyn Resolve>, test_hosts: TestHosts, tls: Arc<ClientConfig>) -> Self {
        Self { resolver, test_hosts, tls }
    }

    /// Connects to the host of an address, if the guard lets it. The name is asked for once, and every address that it leads
    /// to has to be allowed; the connection goes to one of these, whatever the name leads to by then.
    pub async fn connect(&self, url: &Url) -> anyhow::Result<Box<dyn Stream>> {
        let (host, port) = guard::check_url(url)?;
        let addresses = match host {
            Host::Ipv4(address) => vec![SocketAddr::new(address.into(), port)],
            Host::Ipv6(address) => vec![SocketAddr::new(address.into(), port)],
            Host::Domain(name) => match self.test_hosts.0.get(name) {
                Some(address) => vec![*address],
                None => self.checked_addresses(name, port).await?,
            },
        };
        let stream = first_that_accepts(&addresses).await?;
        if url.scheme() == "http" {
            return Ok(Box::new(stream));
        }
        // The name that the certificate has to have, and that the server is told (SNI): never the address behind it.
        let name = ServerName::try_from(host.to_string().trim_matches(['[', ']']).trim_end_matches('.').to_owned())?;
        let stream = TlsConnector::from(self.tls.clone()).connect(name, stream).await.context("no TLS with it")?;
        Ok(Box::new(stream))
    }

    pub(super) async fn checked_addresses(&self, name: &str, port: u16) -> anyhow::Result<Vec<SocketAddr>> {
        let addresses = self.resolver.resolve(name, port).await.context("its name cannot be found")?;
        ensure!((1..=MAX_ADDRESSES).contains(&addresses.len()), "its name has {} addresses", addresses.len());
        for address in &addresses {
            guard::check_address(address.ip())?;
        }
        Ok(addresses)
    }
}

async fn first_that_accepts(addresses: &[SocketAddr]) -> anyhow::Result<TcpStream> {
    let mut failed = anyhow!("it has no address");
    for address in addresses.iter().take(TRIES) {
        match TcpStream::connect(address).await {
            Ok(stream) if stream.peer_addr()? == *address => return Ok(stream),
            Ok(_) => bail!("another address accepted"),
            Err(e) => failed = e.into(),
        }
    }
    Err(failed.context("it cannot be reached"))
}

//! Which ports the services listen on, all of them on 127.0.0.1.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result, bail};

use crate::args::PortArgs;

/// One port for each service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The REST API.
    pub api: u16,
    /// The WebSockets.
    pub ws: u16,
    /// PostgreSQL.
    pub postgres: u16,
    /// NATS.
    pub nats: u16,
    /// The homeserver.
    pub synapse: u16,
}

/// Below the range from which the kernel takes ports for outgoing connections, so that none of those gets in between
/// the choice and its use.
const FREE: std::ops::Range<u16> = 20_000..32_000;

impl Ports {
    /// The ports asked for; with `--free-ports` free ones for those that were not named.
    pub fn choose(args: &PortArgs) -> Result<Self> {
        let mut taken = Vec::new();
        let mut pick = |wanted: Option<u16>, usual: u16| -> Result<u16> {
            let port = match wanted {
                Some(port) => port,
                None if args.free_ports => free(&taken)?,
                None => usual,
            };
            taken.push(port);
            Ok(port)
        };
        // Not the usual ports of PostgreSQL, NATS and Synapse: the system's own may be running there.
        let ports = Self {
            api: pick(args.api_port, 3000)?,
            ws: pick(args.ws_port, 3001)?,
            postgres: pick(args.postgres_port, 15432)?,
            nats: pick(args.nats_port, 14222)?,
            synapse: pick(args.synapse_port, 18008)?,
        };
        ports.check()?;
        Ok(ports)
    }

    fn check(&self) -> Result<()> {
        let all = [
            (self.api, "the API", "--api-port"),
            (self.ws, "the WebSockets", "--ws-port"),
            (self.postgres, "PostgreSQL", "--postgres-port"),
            (self.nats, "NATS", "--nats-port"),
            (self.synapse, "Synapse", "--synapse-port"),
        ];
        for (i, (port, what, option)) in all.into_iter().enumerate() {
            if all.iter().take(i).any(|other| other.0 == port) {
                bail!("port {port} is asked for twice; choose another one for {what} with {option}");
            }
            if !is_free(port) {
                bail!("port {port} for {what} is in use; choose another one with {option}, or all with --free-ports");
            }
        }
        Ok(())
    }
}

/// This port on the loopback address.
pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(local(port)).is_ok()
}

/// A port that nobody has, none of `taken`.
pub fn free(taken: &[u16]) -> Result<u16> {
    let mut random = std::fs::File::open("/dev/urandom").context("cannot read /dev/urandom")?;
    for _ in 0..1000 {
        let mut bytes = [0; 2];
        random.read_exact(&mut bytes).context("cannot read /dev/urandom")?;
        let port = FREE.start + u16::from_le_bytes(bytes) % (FREE.end - FREE.start);
        if !taken.contains(&port) && is_free(port) {
            return Ok(port);
        }
    }
    bail!("found no free port between {} and {}", FREE.start, FREE.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_named_ones_stay() {
        let api = free(&[]).unwrap();
        let args = PortArgs { api_port: Some(api), free_ports: true, ..PortArgs::default() };
        let ports = Ports::choose(&args).unwrap();
        assert_eq!(ports.api, api);
        let mut all = [ports.api, ports.ws, ports.postgres, ports.nats, ports.synapse].to_vec();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn a_port_in_use_is_named_with_its_option() {
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = holder.local_addr().unwrap().port();
        let args = PortArgs { nats_port: Some(port), free_ports: true, ..PortArgs::default() };
        let error = Ports::choose(&args).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--nats-port"), "{error}");
        let args = PortArgs { ws_port: Some(9), api_port: Some(9), free_ports: true, ..PortArgs::default() };
        assert!(Ports::choose(&args).unwrap_err().to_string().contains("port 9"));
    }
}

//! Whether a service is ready to serve, asked of the service itself.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

const PATIENCE: Duration = Duration::from_secs(5);

/// The question that tells whether a service is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// `GET` answers 200.
    Http(String),
    /// The greeting says that JetStream is on.
    Nats(SocketAddr),
    /// `pg_isready` at this path finds the server at this port.
    Postgres(PathBuf, u16),
}

impl Probe {
    /// Asks once; the error says what was seen instead.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Http(url) => http(url),
            Self::Nats(address) => nats(*address),
            Self::Postgres(program, port) => postgres(program, *port),
        }
    }
}

fn http(url: &str) -> Result<(), String> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build().into();
    let mut response = agent.get(url).call().map_err(|e| format!("GET {url}: {e}"))?;
    if response.status().as_u16() == 200 {
        return Ok(());
    }
    let body = response.body_mut().read_to_string().unwrap_or_default();
    let start: String = body.chars().take(500).collect();
    Err(format!("GET {url}: {} {start}", response.status()))
}

fn nats(address: SocketAddr) -> Result<(), String> {
    let greet = || -> std::io::Result<String> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    };
    let line = greet().map_err(|e| format!("{address}: {e}"))?;
    let info: serde_json::Value =
        line.strip_prefix("INFO ").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    match info.get("jetstream").and_then(serde_json::Value::as_bool) {
        Some(true) => Ok(()),
        _ => Err(format!("{address} is no NATS server with JetStream: {}", line.trim())),
    }
}

fn postgres(program: &PathBuf, port: u16) -> Result<(), String> {
    let output = Command::new(program)
        .args(["--host=127.0.0.1", "--timeout=5", "--dbname=postgres", "--username=postgres"])
        .arg(format!("--port={port}"))
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stdout).trim().to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    fn greeting(line: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(line.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn nats_is_ready_only_with_jetstream() {
        assert_eq!(Probe::Nats(greeting("INFO {\"jetstream\":true}\r\n")).check(), Ok(()));
        assert!(Probe::Nats(greeting("INFO {\"server_id\":\"x\"}\r\n")).check().is_err());
        assert!(Probe::Nats(greeting("SSH-2.0\r\n")).check().is_err());
    }

    #[test]
    fn only_200_is_ready_and_the_reason_is_kept() {
        let ok = greeting("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        assert_eq!(Probe::Http(format!("http://{ok}/")).check(), Ok(()));
        let busy = greeting("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 8\r\n\r\nno nats!");
        assert!(Probe::Http(format!("http://{busy}/")).check().unwrap_err().contains("no nats!"));
    }
}

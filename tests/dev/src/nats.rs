//! NATS with JetStream.

use std::path::Path;

use anyhow::Result;

use crate::paths::Data;
use crate::ports::local;
use crate::probe::Probe;
use crate::service::{Service, base_env};

/// The server as a service.
pub fn service(data: &Data, program: &Path, port: u16) -> Result<Service> {
    let store = data.private("nats")?;
    let mut command = vec![program.display().to_string(), "--jetstream".to_owned(), "--store_dir".to_owned()];
    command.push(store.display().to_string());
    command.extend(["--addr".to_owned(), "127.0.0.1".to_owned(), "--port".to_owned(), port.to_string()]);
    Ok(Service {
        command,
        env: base_env(),
        cwd: store,
        user: None,
        log: data.log("nats"),
        address: format!("nats://127.0.0.1:{port}"),
        ready: Probe::Nats(local(port)),
        stops_on_interrupt: false,
        process: None,
        stopped: false,
    })
}

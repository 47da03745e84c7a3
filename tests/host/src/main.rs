//! Runs the components of a `spin.toml` over wasmtime, so that a machine without Spin can run and test the very same
//! `.wasm` files. A test tool: it behaves as Spin does, offers no more, and refuses what Spin refuses.

mod app;
mod bindings;
mod cli;
mod client;
mod engine;
mod files;
mod headers;
mod hosts;
mod instances;
mod logs;
mod manifest;
mod outgoing;
mod postgres;
mod routes;
mod server;
mod state;
mod variables;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

fn main() -> ExitCode {
    let options = cli::Options::parse();
    let result = tokio::runtime::Runtime::new()
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(run(options)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: cli::Options) -> Result<()> {
    // Before anything slow, so that a stop during compilation is heard too.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    tokio::pin!(stop);

    let app = app::App::load(&options)?;
    let cache = options.cache_dir.clone();
    let linking = tokio::task::spawn_blocking(move || engine::link(&app, &cache).map(|linked| (app, linked)));
    let (app, linked) = tokio::select! {
        linked = linking => linked.context("loading the components panicked")??,
        // The compiler cannot be interrupted, and nothing is lost with it.
        () = &mut stop => std::process::exit(0),
    };
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr()?;
    let server = server::Server::new(&app, linked, &options.instances, address)?;
    println!("Serving http://{address}");
    server.serve(listener, stop).await
}

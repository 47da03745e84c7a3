//! Where a guest's standard output and error go: a file of its own, or this program's stderr, line by line and with
//! the component's name.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    async_trait,
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError},
};

/// Bytes that a guest may write at once.
const CHUNK: usize = 1 << 20;

/// The two outputs of a component.
pub struct Logs {
    /// What it prints.
    pub stdout: Output,
    /// What it complains about.
    pub stderr: Output,
}

/// One output, shared by all instances of a component.
#[derive(Clone)]
pub struct Output(Arc<Mutex<Sink>>);

enum Sink {
    File(File),
    /// With what has no end of line yet: a panic message comes in pieces.
    Stderr {
        prefix: String,
        unfinished: Vec<u8>,
    },
}

impl Logs {
    /// Opens the outputs of a component.
    ///
    /// # Errors
    /// A file cannot be opened.
    pub fn new(component: &str, folder: Option<&Path>) -> Result<Self> {
        let open = |stream: &str| {
            let sink = match folder {
                None => Sink::Stderr { prefix: format!("[{component}] "), unfinished: Vec::new() },
                Some(folder) => {
                    let path = folder.join(format!("{component}_{stream}.txt"));
                    std::fs::create_dir_all(folder)
                        .and_then(|()| OpenOptions::new().create(true).append(true).open(&path))
                        .map(Sink::File)
                        .with_context(|| format!("cannot write {}", path.display()))?
                }
            };
            anyhow::Ok(Output(Arc::new(Mutex::new(sink))))
        };
        Ok(Self { stdout: open("stdout")?, stderr: open("stderr")? })
    }
}

impl Output {
    // Written at once and not in a task, so that the last words of an instance that traps are not lost with it.
    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Sink::File(file) => file.write_all(bytes),
            Sink::Stderr { prefix, unfinished } => {
                let mut lines = Vec::new();
                for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                    unfinished.extend_from_slice(piece);
                    if unfinished.ends_with(b"\n") {
                        lines.extend_from_slice(prefix.as_bytes());
                        lines.append(unfinished);
                    }
                }
                io::stderr().write_all(&lines)
            }
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.write_all(&bytes).map_err(|error| StreamError::LastOperationFailed(error.into()))
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(CHUNK)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write_all(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

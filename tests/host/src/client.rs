//! The HTTP client behind outgoing calls: a connection for each, with or without TLS, and errors as the guest knows them.

use std::{
    error::Error as StdError,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response, Uri, uri::Scheme};
use http_body_util::BodyExt as _;
use hyper_util::{
    client::legacy::{
        Client as Unpooled, Error as CallError,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};
use tower_service::Service;
use wasmtime_wasi_http::{
    Error, WasiBody,
    p3::bindings::http::types::{DnsErrorPayload, ErrorCode},
};

tokio::task_local! {
    /// How long a call waits for its connection. The client offers no way to pass it along.
    static CONNECT_TIMEOUT: Duration;
}

/// How long a call waits.
#[derive(Clone, Copy)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the response's head, the connection included.
    pub first_byte: Duration,
}

/// A client. As runtime-config.toml has Spin do it, it keeps no connection: on one that has been used, the second of two
/// small packets waits for the acknowledgement of the first, which takes 40 ms.
#[derive(Clone)]
pub struct Client(Unpooled<Connector, WasiBody>);

impl Default for Client {
    fn default() -> Self {
        let mut roots = RootCertStore::empty();
        // Those of the machine, as Spin. What cannot be read is one less to be trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let mut tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self(
            Unpooled::builder(TokioExecutor::new())
                .pool_max_idle_per_host(0)
                .build(Connector(TlsConnector::from(Arc::new(tls)))),
        )
    }
}

impl Client {
    /// Sends a request with an absolute URI.
    ///
    /// # Errors
    /// No connection, no answer in time, or an answer that is no HTTP.
    pub async fn send(&self, request: Request<WasiBody>, timeouts: Timeouts) -> Result<Response<WasiBody>, ErrorCode> {
        let sending = CONNECT_TIMEOUT.scope(timeouts.connect, self.0.request(request));
        let response = timeout(timeouts.first_byte, sending)
            .await
            .map_err(|_| ErrorCode::ConnectionReadTimeout)?
            .map_err(|error| in_words_of_the_guest(&error))?;
        Ok(response.map(|body| body.map_err(Error::from).boxed_unsync()))
    }
}

fn in_words_of_the_guest(error: &CallError) -> ErrorCode {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return failure.into();
        }
        // The guest's own body did not keep to its length.
        if let Some(Error::HttpRequestBodySize(size)) = error.downcast_ref() {
            return ErrorCode::HttpRequestBodySize(*size);
        }
        cause = error.source();
    }
    ErrorCode::HttpProtocolError
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Uri,
    Name,
    Timeout,
    Refused,
    Tls,
}

impl From<&Failure> for ErrorCode {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Uri => Self::HttpRequestUriInvalid,
            Failure::Name => {
                Self::DnsError(DnsErrorPayload { rcode: Some("address not available".to_owned()), info_code: Some(0) })
            }
            Failure::Timeout => Self::ConnectionTimeout,
            Failure::Refused => Self::ConnectionRefused,
            Failure::Tls => Self::TlsProtocolError,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl StdError for Failure {}

#[derive(Clone)]
struct Connector(TlsConnector);

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Stream>, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tls = (uri.scheme() == Some(&Scheme::HTTPS)).then(|| self.0.clone());
        let limit = CONNECT_TIMEOUT.try_with(|limit| *limit).unwrap_or(Duration::MAX);
        Box::pin(async move {
            let host = uri.host().ok_or(Failure::Uri)?;
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
            let addresses: Vec<_> = tokio::net::lookup_host((bare, port)).await.map_err(|_| Failure::Name)?.collect();
            let stream = timeout(limit, TcpStream::connect(&*addresses)).await.map_err(|_| Failure::Timeout)?.map_err(
                |error| match error.kind() {
                    io::ErrorKind::AddrNotAvailable => Failure::Name,
                    _ => Failure::Refused,
                },
            )?;
            let Some(tls) = tls else {
                return Ok(TokioIo::new(Stream::Plain(stream)));
            };
            let name = ServerName::try_from(bare.to_owned()).map_err(|_| Failure::Name)?;
            let stream = tls.connect(name, stream).await.map_err(|_| Failure::Tls)?;
            Ok(TokioIo::new(Stream::Tls(Box::new(stream))))
        })
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Self::Plain(stream) => stream.connected(),
            Self::Tls(stream) => {
                let (stream, session) = stream.get_ref();
                match session.alpn_protocol() {
                    Some(b"h2") => stream.connected().negotiated_h2(),
                    _ => stream.connected(),
                }
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::Empty;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        sync::mpsc,
    };

    use super::*;

    /// A call that fails is no reason to wait for ever.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Answers every request of a connection, until the other side ends it.
    async fn answer(mut stream: TcpStream) {
        let (mut seen, mut buffer) = (Vec::new(), [0; 1024]);
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            seen.extend_from_slice(&buffer[..read]);
            if seen.ends_with(b"\r\n\r\n") {
                seen.clear();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_connection_ends_with_its_call() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, mut ended) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                answer(stream).await;
                sender.send(()).unwrap();
            }
        });
        let client = Client::default();
        for _ in 0..2 {
            let body = Empty::<Bytes>::new().map_err(|never| match never {}).boxed_unsync();
            let request = Request::get(&url).body(body).unwrap();
            let response = client.send(request, Timeouts { connect: PATIENCE, first_byte: PATIENCE }).await.unwrap();
            response.into_body().collect().await.unwrap();
            timeout(PATIENCE, ended.recv()).await.expect("the connection is kept").unwrap();
        }
    }
}

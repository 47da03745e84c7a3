//! The relay's own TLS, for those who have no proxy in front of it. The files may be replaced while it runs.

use anyhow::{Context, ensure};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// What a client and this relay agree on when they speak HTTP/2 (RFC 7301).
pub const HTTP_2: &[u8] = b"h2";
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Where certificate and key are, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// `WS_TLS_CERTIFICATE`: the certificate, and behind it those of the authorities between.
    pub certificate: PathBuf,
    /// `WS_TLS_KEY`: its key.
    pub key: PathBuf,
}

/// What new connections are encrypted with.
pub struct Certificate {
    files: CertificateFiles,
    acceptor: RwLock<TlsAcceptor>,
}

impl CertificateFiles {
    /// Reads both; the error says which is wrong.
    pub fn read(&self) -> anyhow::Result<TlsAcceptor> {
        let of = |path: &PathBuf| path.display().to_string();
        let chain = CertificateDer::pem_file_iter(&self.certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.with_context(|| format!("WS_TLS_CERTIFICATE: {}", of(&self.certificate)))?;
        ensure!(!chain.is_empty(), "WS_TLS_CERTIFICATE: {} has no certificate", of(&self.certificate));
        let key = PrivateKeyDer::from_pem_file(&self.key).with_context(|| format!("WS_TLS_KEY: {}", of(&self.key)))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_no_client_auth().with_single_cert(chain, key).with_context(|| {
            format!("the key in {} is not that of the certificate in {}", of(&self.key), of(&self.certificate))
        })?;
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// When each was last written; `None` for one that is not there, as in the middle of a replacement.
    fn written(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

impl Certificate {
    /// Reads the files, and again whenever they change. Files that cannot be used are an error at first, and later a
    /// warning: the certificate that there is stays.
    pub fn start(files: CertificateFiles) -> anyhow::Result<Arc<Self>> {
        let written = files.written();
        let certificate = Arc::new(Self { acceptor: RwLock::new(files.read()?), files });
        tokio::spawn(certificate.clone().follow(written));
        Ok(certificate)
    }

    async fn follow(self: Arc<Self>, mut known: [Option<SystemTime>; 2]) {
        loop {
            sleep(LOOK).await;
            let written = self.files.written();
            if written == known {
                continue;
            }
            // A file half written is read again at the next look, because its time changes once more.
            match self.files.read() {
                Ok(acceptor) => {
                    *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
                    tracing::info!("the certificate of WebSockets was read again");
                }
                Err(e) => tracing::warn!("the certificate of WebSockets stays what it was: {e:#}"),
            }
            known = written;
        }
    }

    /// For a new connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

//! TLS to PostgreSQL, to the homeserver and to webhooks.

use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The platform's root certificates; those that cannot be read are left out.
pub fn platform_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Checks a server's certificate and name against `roots`.
pub fn verified_by(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

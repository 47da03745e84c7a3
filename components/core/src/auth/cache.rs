//! One verifier for all requests of an instance.

use super::settings::Settings;
use super::verifier::Verifier;
use std::sync::{Arc, Mutex, PoisonError};

/// Keeps the last [`Verifier`] and the settings that it was built from, and nothing of any request. Meant for a
/// `static`: a component's instance serves many requests, and reading a public key costs more than comparing texts.
#[derive(Default)]
pub struct VerifierCache(Mutex<Option<(Settings, Arc<Verifier>)>>);

impl VerifierCache {
    /// An empty cache.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The verifier for `settings`: the kept one when its settings are equal, else a new one, which is then kept.
    /// The error is that of [`Verifier::new`]; it leaves the cache as it is.
    pub fn get(&self, settings: Settings) -> Result<Arc<Verifier>, String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, verifier)) = &*kept
            && *of == settings
        {
            return Ok(verifier.clone());
        }
        let verifier = Arc::new(Verifier::new(&settings)?);
        *kept = Some((settings, verifier.clone()));
        Ok(verifier)
    }
}

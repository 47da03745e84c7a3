//! Who is calling: signed tokens, secrets of the platform, and names alone in development mode.

mod cache;
mod caller;
mod claims;
mod internal;
mod key;
mod key_set;
mod provider;
mod settings;
#[cfg(test)]
mod tests;
mod verifier;

pub use cache::VerifierCache;
pub use caller::{Authenticated, Caller, MicroDaos};
pub use internal::{Internal, InternalSettings, secrets_match};
pub use key_set::MAX_KEY_SET_BYTES;
pub use settings::Settings;
pub use verifier::{Verifier, bearer};

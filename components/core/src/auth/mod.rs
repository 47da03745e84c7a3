//! Who is calling: signed tokens, secrets of the platform, and names alone in development mode.

mod cache;
mod caller;
mod internal;
mod key;
mod provider;
mod settings;
#[cfg(test)]
mod tests;
mod verifier;

pub use cache::VerifierCache;
pub use caller::{Authenticated, Caller, MicroDaos};
pub use internal::{Internal, secrets_match};
pub use settings::Settings;
pub use verifier::{Verifier, bearer};

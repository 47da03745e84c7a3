//! A caller whose identity is checked.

use crate::ids::{EntityId, MicrodaoId};

/// The microDAOs that the caller is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MicroDaos {
    /// All of them: a caller in development mode.
    Every,
    /// Those named by the token.
    Only(Vec<MicrodaoId>),
}

/// A caller whose identity is checked. Only [`Verifier`](super::Verifier), [`Internal`](super::Internal) and the check of a
/// signed address make one, so a function that takes a `Caller` needs no check of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    id: EntityId,
    microdaos: MicroDaos,
}

impl Caller {
    pub(super) fn new(id: EntityId, microdaos: MicroDaos) -> Self {
        Self { id, microdaos }
    }

    /// The caller whom a signed address names, when its signature is checked.
    pub(crate) fn of_signed_url(id: EntityId, microdaos: MicroDaos) -> Self {
        Self::new(id, microdaos)
    }

    /// Who it is.
    pub fn id(&self) -> &EntityId {
        &self.id
    }

    /// Where they belong.
    pub fn microdaos(&self) -> &MicroDaos {
        &self.microdaos
    }
}

/// A caller and the end of their token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Who it is.
    pub caller: Caller,
    /// Unix time in seconds until which the token is accepted: its `exp`, and the difference of clocks that is allowed
    /// for. `None` in development mode.
    pub expires_at: Option<u64>,
}

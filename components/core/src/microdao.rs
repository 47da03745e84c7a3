//! MicroDAOs, as far as messaging knows of them: by the channels that they have.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::{ChannelId, EntityId, MicrodaoId};
use crate::paths::{FromParams, Params};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};

/// What came of ending somebody's memberships in a microDAO.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct EndedMemberships {
    /// Memberships that this request has ended, invitations among them.
    pub ended: u32,
    /// Memberships that are left: repeat the request until there are none.
    pub remaining: u32,
    /// Channels that have no owner any more, as nobody is left who can be one.
    pub without_owner: Vec<ChannelId>,
    /// Channels whose room the homeserver did not take them out of. In the index the membership has ended all the same.
    pub still_in_room: Vec<ChannelId>,
}

/// `/internal/messaging/microdaos/:microdao_id/members/:member_id`
#[derive(Debug, Clone)]
pub struct MicrodaoMemberPath {
    /// The microDAO.
    pub microdao_id: MicrodaoId,
    member_id: String,
}

impl FromParams for MicrodaoMemberPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let microdao_id = MicrodaoId::parse(params.get("microdao_id")).map_err(|_| Problem::not_found("microDAO"))?;
        Ok(Self { microdao_id, member_id: params.get("member_id").to_owned() })
    }
}

impl MicrodaoMemberPath {
    /// Whose memberships: the Matrix id of one of our own users is that user.
    pub fn member_id(&self, server_name: &str) -> Result<EntityId, Problem> {
        EntityId::parse_on(&self.member_id, server_name).map_err(|_| Problem::not_found("member"))
    }
}

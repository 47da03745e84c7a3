//! What the OpenAPI document says of the operations.

use super::EndedMemberships;
use crate::openapi::Who::Internal;
use crate::openapi::{Operation, operation};
use crate::paths;
use crate::problem::Problem;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("members", "delete", paths::MICRODAO_MEMBER, "endMemberships")
            .does(
                "End all of somebody's memberships in a microDAO",
                "For who leaves the organisation: in every channel of the microDAO, in Matrix as well, up to 25 memberships \
                 at once. Repeat it until `remaining` is 0; again it changes nothing. Where they were the last owner, an \
                 admin becomes the owner, else the member who has been there longest.",
            )
            .who(Internal("for the platform"))
            .runs_once()
            .responds::<EndedMemberships>(200, "What came of it.")
            .fails([Problem::not_found("member")])
            .asks_matrix(),
    ]
}

//! Content that nothing shows any more: `migrations/functions/files/delete.sql`.

use super::Error;
use super::call::Call;
use serde::{Deserialize, Serialize};

/// A content that is to be deleted.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct DueContent {
    /// An `mxc://` address.
    pub content_uri: String,
    /// Who has to have brought it; `None` where that is known.
    pub uploader_matrix_id: Option<String>,
}

/// What was taken.
#[derive(Debug, Deserialize)]
pub struct ClaimedContent {
    /// How many were looked at.
    pub taken: i64,
    /// Those that are to be deleted.
    pub content: Vec<DueContent>,
}

/// Takes content that is to be deleted; for `seconds`, and longer with each try, nobody else gets it.
pub async fn claim_content(limit: i32, seconds: i32) -> Result<ClaimedContent, Error> {
    Call::of("claim_content").arg("p_limit", limit).arg("p_seconds", seconds).json().await
}

/// There is nothing more to be done about these.
pub async fn end_content(content: &[DueContent]) -> Result<(), Error> {
    Call::of("end_content").jsonb("p_content", &content).done().await
}

//! What links of messages show: `migrations/functions/previews/remove.sql`. The rest of it is the relay's.

use super::Error;
use super::call::Call;
use messaging_core::auth::Caller;
use messaging_core::paths::PreviewPath;
use messaging_core::rate_limit::Class;

/// Takes what a link shows out of its message.
pub async fn remove_preview(caller: &Caller, at: PreviewPath) -> Result<(), Error> {
    Call::of("remove_preview")
        .caller(caller)
        .arg("p_channel_id", at.channel_id)
        .arg("p_message_id", at.message_id)
        .arg("p_preview_id", at.preview_id.0)
        .limited(Class::Edit, caller)
        .await
        .done()
        .await
}

//! Receipts: a call that a gateway may leave out.

use super::Gateway;
use http::Method;
use messaging_core::gateway::{SendReceipt, paths};
use messaging_core::ids::EntityId;
use messaging_core::problem::Problem;

impl Gateway {
    /// Tells Matrix that one of our users has read a room up to an event: in the thread of `thread_event_id`, else apart from
    /// threads.
    pub async fn send_receipt(
        &self,
        room_id: &str,
        event_id: &str,
        reader: &EntityId,
        is_private: bool,
        thread_event_id: Option<&str>,
    ) -> Result<(), Problem> {
        let receipt = SendReceipt {
            room_id: room_id.to_owned(),
            event_id: event_id.to_owned(),
            reader: Some(reader.to_string()),
            reader_matrix_id: Some(self.matrix_id(reader)),
            receipt_type: if is_private { "m.read.private" } else { "m.read" }.to_owned(),
            thread_id: Some(thread_event_id.unwrap_or("main").to_owned()),
        };
        self.act(Method::POST, paths::RECEIPT, &[], &receipt).await
    }
}

//! NATS: whether it is there, takes what relays send, and has JetStream.

use super::report::Lines;
use super::{QUESTION, Setting, stream};
use crate::nats::Nats;
use anyhow::Context;
use async_nats::Client;
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

/// What an event has to fit into, in bytes. Larger ones are published without their largest members.
const PAYLOAD: usize = 256 * 1024;

/// Looks at it.
pub async fn look(lines: &mut Lines, setting: Setting<'_>) {
    let url = setting("NATS_URL").unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned());
    // An address that cannot be read is told elsewhere.
    let Ok(nats) = Nats::parse(&url) else { return };
    let connected = timeout(QUESTION, nats.options("ws-relay check").connect(&nats.servers));
    let client = match connected.await.context("no answer in time") {
        Ok(Ok(client)) => client,
        Ok(Err(e)) => {
            let advice = "Does it run? Are host, port, login and tls:// of NATS_URL right?";
            return lines.fault("nats", format!("it cannot be reached: {e}"), advice);
        }
        Err(e) => {
            let advice = "It takes connections and says nothing: look at its log, and at proxies on the way.";
            return lines.fault("nats", format!("it cannot be reached: {e}"), advice);
        }
    };
    let server = client.server_info();
    let text = format!("NATS {}, messages up to {} bytes", server.version, server.max_payload);
    match server.max_payload >= PAYLOAD {
        true => lines.ok("nats", text),
        false => {
            let advice = format!(
                "Raise max_payload to {PAYLOAD} at least: long messages would reach consumers without their text."
            );
            lines.warning("nats", text, advice);
        }
    }
    frames(lines, &client).await;
    if account(lines, &client, setting).await {
        stream::look(lines, &client, setting).await;
    }
    let _ = timeout(QUESTION, client.drain()).await;
}

/// Whether relays hear each other: by a message on a subject that nobody else listens to, which is kept nowhere.
async fn frames(lines: &mut Lines, client: &Client) {
    let subject = format!("relay.check.{}", Uuid::new_v4().simple());
    let heard = async {
        let mut messages = client.subscribe(subject.clone()).await?;
        client.publish(subject, "hello".into()).await?;
        client.flush().await?;
        messages.next().await.context("the connection ended")
    };
    match timeout(QUESTION, heard).await.context("nothing arrived").flatten() {
        Ok(_) => lines.ok("nats.frames", "what one relay sends, others hear"),
        Err(e) => lines.fault(
            "nats.frames",
            format!("a message on relay.check.… did not arrive: {e:#}"),
            "Let the login of NATS_URL publish and subscribe to relay.>, messaging.> and advisory.>.",
        ),
    }
}

/// Whether there is JetStream, with room for the stream.
async fn account(lines: &mut Lines, client: &Client, setting: Setting<'_>) -> bool {
    // Asked without the library's types, which want what servers before 2.10 do not say.
    let asked = timeout(QUESTION, client.request("$JS.API.INFO", "".into())).await;
    let document = match asked.context("no answer in time").and_then(|answer| Ok(answer?)) {
        Ok(message) => serde_json::from_slice(&message.payload).unwrap_or(Value::Null),
        Err(e) => serde_json::json!({"error": {"description": e.to_string()}}),
    };
    if let Some(error) = document.get("error") {
        let said = error.get("description").and_then(Value::as_str).unwrap_or("an error");
        let advice = "Start nats-server with JetStream (-js, or jetstream {} in its configuration), and let the \
                      login of NATS_URL use $JS.API.> and _INBOX.>.";
        lines.fault("nats.jetstream", format!("JetStream does not answer: {said}"), advice);
        return false;
    }
    let most = document.pointer("/limits/max_storage").and_then(Value::as_i64).filter(|most| *most >= 0);
    let wanted = setting("NATS_STREAM_MAX_BYTES").and_then(|text| text.parse().ok()).unwrap_or(1_i64 << 30);
    match most {
        Some(most) if most < wanted => {
            let text = format!("JetStream has {most} bytes for this account, and the stream may have {wanted}");
            let advice = "Raise the account's limit, or lower NATS_STREAM_MAX_BYTES before the stream is made.";
            lines.warning("nats.jetstream", text, advice);
        }
        _ => lines.ok("nats.jetstream", "is on"),
    }
    true
}

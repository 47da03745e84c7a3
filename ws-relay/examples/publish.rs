//! The floor of `cargo dev bench outbox`: publishes what is in a file to a stream of its own, and waits for every
//! acknowledgement, with many under way: `publish <NATS_URL> <file>`. Each line is a message id and a payload with a tab
//! between. Prints how many seconds it took.

use anyhow::{Context, ensure};
use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Config;
use std::collections::VecDeque;
use std::time::Instant;

const STREAM: &str = "FLOOR";
const SUBJECT: &str = "floor.message.created";
/// Messages under way at once. More brings nothing.
const WINDOW: usize = 1024;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (url, file) = arguments.next().zip(arguments.next()).context("publish <NATS_URL> <file>")?;
    let text = std::fs::read_to_string(file)?;
    let jetstream = async_nats::jetstream::new(async_nats::connect(url).await?);
    let config = Config { name: STREAM.to_owned(), subjects: vec![SUBJECT.to_owned()], ..Config::default() };
    let _ = jetstream.delete_stream(STREAM).await;
    jetstream.create_stream(config).await?;
    let began = Instant::now();
    let mut under_way: VecDeque<PublishAckFuture> = VecDeque::with_capacity(WINDOW);
    let mut acknowledged: usize = 0;
    for line in text.lines() {
        let (id, payload) = line.split_once('\t').context("a line without a tab")?;
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, id);
        let message = PublishMessage::build().payload(payload.to_owned().into()).headers(headers);
        under_way.push_back(jetstream.send_publish(SUBJECT, message).await?);
        if under_way.len() == WINDOW
            && let Some(ack) = under_way.pop_front()
        {
            ack.await?;
            acknowledged += 1;
        }
    }
    for ack in under_way {
        ack.await?;
        acknowledged += 1;
    }
    let took = began.elapsed();
    ensure!(acknowledged == text.lines().count(), "not everything was acknowledged");
    println!("{}", took.as_secs_f64());
    Ok(())
}

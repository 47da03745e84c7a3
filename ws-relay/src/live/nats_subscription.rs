//! A subscription in NATS that is made anew when it is refused or ends.

use async_nats::{Client, Message, SubscribeError, Subscriber};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use std::time::Duration;
use tokio::time::sleep;

/// The pause before another attempt.
const RETRY: Duration = Duration::from_secs(1);

/// A subscription to one subject; it ends when it is dropped.
pub struct NatsSubscription {
    client: Client,
    subject: String,
    state: State,
}

enum State {
    Subscribing(BoxFuture<'static, Result<Subscriber, SubscribeError>>),
    Subscribed(Subscriber),
}

/// What comes of a subscription.
pub enum Arrival {
    /// The subscription is on its way to the server. Messages that were published before it got there do not come.
    Subscribed,
    /// A message.
    Message(Message),
}

impl NatsSubscription {
    /// Prepares a subscription; [`NatsSubscription::next`] makes it.
    pub fn new(client: Client, subject: String) -> Self {
        let state = subscribing(&client, &subject, Duration::ZERO);
        Self { client, subject, state }
    }

    /// Waits for what comes next. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Arrival {
        loop {
            match &mut self.state {
                State::Subscribing(attempt) => match attempt.await {
                    Ok(subscriber) => {
                        self.state = State::Subscribed(subscriber);
                        return Arrival::Subscribed;
                    }
                    Err(e) => {
                        tracing::warn!(subject = self.subject, "NATS did not take a subscription: {e}");
                        self.state = subscribing(&self.client, &self.subject, RETRY);
                    }
                },
                State::Subscribed(subscriber) => match subscriber.next().await {
                    Some(message) => return Arrival::Message(message),
                    // The client has closed; it does not without being told to, but then nothing must be lost either.
                    None => self.state = subscribing(&self.client, &self.subject, RETRY),
                },
            }
        }
    }

    /// The next message, if it is there already.
    pub fn try_next(&mut self) -> Option<Message> {
        match &mut self.state {
            State::Subscribing(_) => None,
            // An end comes again in `next`.
            State::Subscribed(subscriber) => subscriber.next().now_or_never().flatten(),
        }
    }
}

fn subscribing(client: &Client, subject: &str, delay: Duration) -> State {
    let (client, subject) = (client.clone(), subject.to_owned());
    State::Subscribing(Box::pin(async move {
        sleep(delay).await;
        client.subscribe(subject).await
    }))
}

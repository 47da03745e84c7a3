//! One HTTP question with a deadline.

use super::QUESTION;
use super::clock::Asked;
use crate::http_client::{self, HttpClient};
use anyhow::Context;
use http::header::{AUTHORIZATION, DATE, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

/// The longest response that is read, in bytes.
const RESPONSE: usize = 256 * 1024;

/// How a part proves that a question may be asked.
#[derive(Clone)]
pub enum Credential {
    /// It need not.
    None,
    /// `Authorization: Bearer`.
    Bearer(String),
    /// `X-Internal-Service-Token`.
    Internal(String),
}

/// A part that speaks HTTP.
pub struct Part {
    client: HttpClient,
    base: String,
}

/// What it answered.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body; null when it is no JSON.
    pub json: Value,
    /// The time of its clock, to the second, and of ours.
    pub date: Option<(SystemTime, Asked)>,
}

impl Answer {
    /// A text of the body.
    pub fn text(&self, name: &str) -> &str {
        self.json.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Status and what a Matrix error says.
    pub fn said(&self) -> String {
        let words = [self.text("errcode"), self.text("error"), self.text("detail")];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{} {}", self.status.as_u16(), words.join(" ")).trim_end().to_owned()
    }
}

impl Part {
    /// At this address.
    pub fn at(base: &str) -> anyhow::Result<Self> {
        Ok(Self { client: http_client::new()?, base: base.trim_end_matches('/').to_owned() })
    }

    /// Asks; the error says what has failed.
    pub async fn ask(&self, method: Method, path: &str, credential: &Credential) -> anyhow::Result<Answer> {
        self.ask_within(QUESTION, method, path, credential).await
    }

    /// The same with a deadline of its own.
    pub async fn ask_within(
        &self,
        deadline: Duration,
        method: Method,
        path: &str,
        credential: &Credential,
    ) -> anyhow::Result<Answer> {
        let has_body = method == Method::POST;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(USER_AGENT, concat!("ws-relay/", env!("CARGO_PKG_VERSION")));
        let header = match credential {
            Credential::None => None,
            Credential::Bearer(token) => Some((AUTHORIZATION.as_str(), format!("Bearer {token}"))),
            Credential::Internal(token) => Some(("x-internal-service-token", token.clone())),
        };
        if let Some((name, value)) = header {
            let mut value = HeaderValue::try_from(value).context("the token cannot be sent in a header")?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let body = if has_body { Bytes::from_static(b"{}") } else { Bytes::new() };
        let request = request.body(Full::new(body)).context("the address cannot be used")?;
        let asked = Asked::now();
        let exchanged = timeout(deadline, async {
            let response = self.client.request(request).await.context("it cannot be reached")?;
            let asked = asked.answered();
            let (head, body) = response.into_parts();
            let body = Limited::new(body, RESPONSE).collect().await;
            let body = body.map_err(|e| anyhow::anyhow!("its answer cannot be read: {e}"))?.to_bytes();
            let date = head.headers.get(DATE).and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
            anyhow::Ok(Answer {
                status: head.status,
                json: serde_json::from_slice(&body).unwrap_or_default(),
                date: date.map(|date| (date, asked)),
            })
        });
        exchanged.await.with_context(|| format!("no answer within {} s", deadline.as_secs()))?
    }
}

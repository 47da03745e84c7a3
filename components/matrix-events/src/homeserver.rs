//! The homeserver as a caller: its token, and errors as it reads them.

use http::StatusCode;
use http::header::{ALLOW, RETRY_AFTER};
use messaging_core::auth::{bearer, secrets_match};
use messaging_edge::{Failure, FromRequest, Problem, Request, Response, note_caller, settings};
use serde_json::json;

/// Proof that the request comes from the homeserver: it carries the `hs_token`.
pub struct Homeserver(());

impl FromRequest for Homeserver {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let expected = settings::optional("matrix_hs_token").await?.unwrap_or_default();
        match request.header("authorization").and_then(bearer) {
            None => Err(Problem::unauthenticated("Missing hs_token")),
            Some(token) if secrets_match(token, &expected) => {
                note_caller("homeserver");
                Ok(Self(()))
            }
            Some(_) => Err(Problem::forbidden("wrong_hs_token", "Wrong hs_token")),
        }
    }
}

/// A problem in the homeserver's own form (Matrix client-server API, "Standard error response").
pub struct MatrixError(Problem);

impl From<Problem> for MatrixError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl Failure for MatrixError {
    fn status(&self) -> StatusCode {
        self.0.status
    }

    fn log_message(&self) -> Option<String> {
        self.0.log_message()
    }

    fn into_response(self, _request_id: &str) -> Response {
        let Self(problem) = self;
        let errcode = match problem.status {
            StatusCode::UNAUTHORIZED => "M_MISSING_TOKEN",
            StatusCode::FORBIDDEN => "M_FORBIDDEN",
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "M_UNRECOGNIZED",
            StatusCode::PAYLOAD_TOO_LARGE => "M_TOO_LARGE",
            StatusCode::BAD_REQUEST if problem.code == "invalid_json" => "M_NOT_JSON",
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => "M_BAD_JSON",
            _ => "M_UNKNOWN",
        };
        let body = json!({"errcode": errcode, "error": problem.detail});
        let response = Response::raw_json(problem.status, body.to_string());
        let headers = [
            (ALLOW, problem.allow.map(String::from)),
            (RETRY_AFTER, problem.retry_after.map(|seconds| seconds.to_string())),
        ];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        headers.fold(response, |response, (name, value)| response.header(name, &value))
    }
}

"""What every response has to be, beyond what the document says of it."""

from __future__ import annotations

import os
from pathlib import Path

import schemathesis

from fuzz.setting import Setting

SETTING = Setting.read(Path(os.environ["FUZZ_SETTING"]))
# Only the homeserver's own failures may be a server error.
OF_THE_HOMESERVER = {"502", "504"}
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}
# What a look inside would show.
INSIDE = ("panicked", "SQLSTATE", "postgres", "wasm", "stack backtrace", ".rs:", "_matrix/client")


@schemathesis.check
def no_fault_of_ours(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """No request makes the service fail."""
    documented = OF_THE_HOMESERVER & case.operation.definition.raw["responses"].keys()
    status = str(response.status_code)
    assert status < "500" or status in documented, f"{status}: {response.text}"


@schemathesis.check
def whole_headers(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """Every response says how long it is, and is no surprise to a browser."""
    # 204 and 304 have no body (RFC 9110, section 8.6).
    assert "content-length" in response.headers or response.status_code in (204, 304), "no Content-Length"
    assert "x-request-id" in response.headers or not case.path.startswith(("/api", "/internal")), "no X-Request-Id"


@schemathesis.check
def problem_form(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """Every refusal is a problem (RFC 9457) of the one form, and tells nothing of the inside."""
    if response.status_code < 400 or case.method == "HEAD":
        return
    kind = response.headers.get("content-type")
    assert kind == ["application/problem+json"], kind
    body = response.json()
    assert body.keys() - {"errors"} == MEMBERS, sorted(body)
    assert body["status"] == response.status_code
    assert [body["request_id"]] == response.headers["x-request-id"]
    assert not [word for word in INSIDE if word in response.text], response.text


@schemathesis.check
def nothing_hidden(ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """The hidden channel is in no response, but for those to the platform's own services."""
    if response.request.headers.get("X-Internal-Service-Token"):
        return
    shown = response.text + str(response.headers)
    assert SETTING.word not in shown, f"the hidden channel is in it: {shown}"

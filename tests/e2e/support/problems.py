"""Errors as clients read them (RFC 9457)."""

from __future__ import annotations

from typing import Any

import httpx

MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def problem(
    response: httpx.Response, status: int, code: str | None = None, pointer: str | None = None
) -> dict[str, Any]:
    """Checks that a response is this problem, whole and well-formed; returns its body."""
    assert response.status_code == status, f"{response.request.method} {response.request.url}: {response.text}"
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body.keys() - {"errors"} == MEMBERS, body
    assert body["status"] == status
    assert all(isinstance(body[name], str) and body[name] for name in MEMBERS - {"status"}), body
    assert body["request_id"] == response.headers["x-request-id"]
    if code is not None:
        assert body["code"] == code, body
    if pointer is not None:
        assert pointer in [error.get("pointer") for error in body.get("errors", [])], body
    for error in body.get("errors", []):
        assert error["detail"] and ("pointer" in error) != ("parameter" in error), body
    if status == 405:
        assert response.headers.get("allow"), "a 405 names the methods that there are"
    return body


def same_problem(one: httpx.Response, other: httpx.Response) -> None:
    """Checks that two problems tell the caller the same: nobody learns from the difference."""
    first, second = problem(one, one.status_code), problem(other, one.status_code)
    assert first | {"request_id": ""} == second | {"request_id": ""}

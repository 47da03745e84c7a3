"""The OpenAPI document that a deployment serves, as the judge of its real responses."""

from __future__ import annotations

import json
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:openapi"

# The conflicts that end by themselves.
PASSING = {"request_running", "being_created", "member_being_changed"}

formats = FormatChecker(formats=["uuid"])


@formats.checks("date-time", raises=ValueError)
def is_utc(value: object) -> bool:
    return not isinstance(value, str) or (value.endswith("Z") and bool(datetime.fromisoformat(value)))


class Contract:
    """Checks responses, and remembers which operations they came from."""

    def __init__(self, document: dict[str, Any]):
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self.registry: Registry = Registry().with_resource(DOCUMENT, resource)
        self.seen: set[tuple[str, int]] = set()

    def operations(self) -> dict[str, tuple[str, str]]:
        """Method and path by name."""
        paths = self.document["paths"].items()
        return {op["operationId"]: (method, path) for path, item in paths for method, op in item.items()}

    def check(self, response: httpx.Response) -> httpx.Response:
        """Fails unless the document allows this response to this request."""
        request = response.request
        what = f"{request.method} {request.url.path}: {response.status_code}"
        path, operation = self._operation(request)
        assert operation, f"{what}: no such operation"
        documented = operation["responses"]
        assert str(response.status_code) in documented, f"{what} is none of {sorted(documented)}: {response.text}"
        place = f"{path}/responses/{response.status_code}"
        if "$ref" in documented[str(response.status_code)]:
            place = documented[str(response.status_code)]["$ref"].removeprefix("#")
        description = self._at(place)
        # There is not always a neighbouring page, and what changes nothing is not counted.
        optional = {"Link", "RateLimit", "RateLimit-Policy"} if response.is_success else set()
        # Of the conflicts, those that pass say when to try again.
        if response.status_code == 409 and response.json()["code"] not in PASSING:
            optional.add("Retry-After")
        for name in description["headers"].keys() - optional:
            assert name in response.headers, f"{what}: no {name}"
        self._body(f"{what}, response", place, description, response.headers.get("content-type"), response.content)
        if response.is_success and "requestBody" in operation:
            # What the service takes, the document must not forbid.
            place, sent = f"{path}/requestBody", request.headers.get("content-type")
            self._body(f"{what}, request", place, self._at(place), sent, request.content)
        self.seen.add((operation["operationId"], response.status_code))
        return response

    def _operation(self, request: httpx.Request) -> tuple[str, dict[str, Any] | None]:
        parts = request.url.raw_path.decode().split("?")[0].rstrip("/").split("/")
        for template, item in self.document["paths"].items():
            names = template.split("/")
            fits = all(name == part or (name.startswith("{") and part) for name, part in zip(names, parts))
            if len(names) == len(parts) and fits:
                method = request.method.lower()
                return f"/paths/{template.replace('/', '~1')}/{method}", item.get(method)
        return "", None

    def _at(self, pointer: str) -> dict[str, Any]:
        return self.registry.resolver().lookup(f"{DOCUMENT}#{pointer}").contents

    def _body(self, what: str, place: str, described: dict[str, Any], media: str | None, body: bytes) -> None:
        if "content" not in described:
            assert not body, f"{what}: a body where there is none: {body!r}"
            return
        media = (media or "").split(";")[0]
        # A key may be a media range (OpenAPI 3.1, "Response Object").
        fits = any(fnmatchcase(media, media_range) for media_range in described["content"])
        assert fits, f"{what}: {media} is none of {sorted(described['content'])}"
        if not media.endswith("json"):
            return
        schema = {"$ref": f"{DOCUMENT}#{place}/content/{media.replace('/', '~1')}/schema"}
        validator = Draft202012Validator(schema, registry=self.registry, format_checker=formats)
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(body))]
        assert not errors, f"{what}: {errors}"

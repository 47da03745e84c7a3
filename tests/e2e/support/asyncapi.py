"""The AsyncAPI document that a deployment serves, as the judge of real frames and events (AsyncAPI 3.0)."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from support.contract import formats

DOCUMENT = "urn:asyncapi"


class AsyncContract:
    """Checks what the service sends, and remembers which messages of the document have been seen."""

    def __init__(self, document: dict[str, Any]):
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self.registry: Registry = Registry().with_resource(DOCUMENT, resource)
        # Frame types and subjects.
        self.seen: set[str] = set()
        self._validators = {
            message["name"]: self._validator(f"/components/messages/{_escaped(key)}/payload")
            for key, message in document["components"]["messages"].items()
        }

    @property
    def names(self) -> set[str]:
        """Every message of the document, those of clients too."""
        return set(self._validators)

    @property
    def sent(self) -> set[str]:
        """The messages that the service sends: those of the operations with the action `send`."""
        names: set[str] = set()
        for operation in self.document["operations"].values():
            if operation["action"] != "send":
                continue
            # An operation that names no messages has all those of its channel.
            channel = self._resolved(operation["channel"])
            messages = operation.get("messages", list(channel["messages"].values()))
            names |= {self._resolved(message)["name"] for message in messages}
        return names

    def violations(self, name: str, payload: Any) -> list[str]:
        """In what a frame or an event differs from the document; nothing when it fits."""
        if name not in self._validators:
            return [f"{name}: the document has no such message: {payload!r:.500}"]
        self.seen.add(name)
        errors = self._validators[name].iter_errors(payload)
        return [f"{name}, {error.json_path}: {error.message:.500}" for error in errors]

    def _validator(self, pointer: str) -> Draft202012Validator:
        schema = {"$ref": f"{DOCUMENT}#{pointer}"}
        return Draft202012Validator(schema, registry=self.registry, format_checker=formats)

    def _resolved(self, item: dict[str, Any]) -> dict[str, Any]:
        """What stands behind a reference, however many lead to it."""
        while "$ref" in item:
            item = self.registry.resolver().lookup(f"{DOCUMENT}{item['$ref']}").contents
        return item


def _escaped(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901) in a URI."""
    return key.replace("~", "~0").replace("/", "~1").replace("%", "%25")

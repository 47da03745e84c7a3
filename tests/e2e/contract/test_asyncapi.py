"""The AsyncAPI document, and whether it names what the service really sends.

Every frame and event that any test receives is checked against the document when that test ends (conftest.py). Here the
document itself is checked, and in the end that everything which it says is sent was seen.
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator

from support.asyncapi import AsyncContract

# Messages that no test can bring about, each with the reason.
UNSEEN: dict[str, str] = {}


async def test_the_document_is_asyncapi_3_with_valid_schemas(asyncapi: AsyncContract, http: httpx.AsyncClient) -> None:
    response = await http.get("/asyncapi.json")
    assert response.headers["content-type"] == "application/json"
    assert asyncapi.document["asyncapi"].startswith("3.")
    components = asyncapi.document["components"]
    assert len(asyncapi.names) == len(components["messages"]), "every message has a name of its own"
    for schema in (*components["schemas"].values(), *(m["payload"] for m in components["messages"].values())):
        Draft202012Validator.check_schema(schema)


async def test_the_document_names_every_stream_and_subject(asyncapi: AsyncContract) -> None:
    addresses = {channel["address"] for channel in asyncapi.document["channels"].values()}
    assert {"/ws/messaging/{channel_id}", "/ws/messaging"} <= addresses
    subjects = {name for name in asyncapi.sent if name.startswith(("messaging.", "integration."))}
    assert {"messaging.message.created", "integration.matrix.message", "integration.matrix.room.created"} <= subjects
    # What is logged is on both roads, under the same name.
    for subject in subjects:
        if subject.startswith("messaging."):
            assert subject.removeprefix("messaging.") in asyncapi.sent, subject


@pytest.mark.last
def test_every_message_of_the_document_was_seen(asyncapi: AsyncContract, request: pytest.FixtureRequest) -> None:
    collected = {item.path for item in request.session.items}
    if not collected >= set(Path(__file__).parents[1].rglob("test_*.py")):
        pytest.skip("only a part of the suite has run")
    assert sorted(asyncapi.sent - asyncapi.seen - UNSEEN.keys()) == []
    assert sorted(UNSEEN.keys() - (asyncapi.sent - asyncapi.seen)) == [], "seen after all, or not in the document"

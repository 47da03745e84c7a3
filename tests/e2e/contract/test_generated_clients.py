"""Clients that two common generators make from the OpenAPI document: they compile strictly, and they work."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.api import World
from support.tokens import token

CLIENTS = Path(__file__).parents[2] / "clients"
# Each step by itself: a generator, a compiler, the client.
DEADLINE = 120


def tool(variable: str) -> Path:
    """Where `cargo dev test` has installed a generator."""
    place = os.environ.get(variable)
    if not place:
        pytest.skip(f"{variable} does not say where the generator is; cargo dev test installs it")
    return Path(place)


async def run(folder: Path, *words: str | Path) -> str:
    """The output of a program that has to succeed."""
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
    except TimeoutError:
        process.kill()
        raise AssertionError(f"{words[0]} took longer than {DEADLINE} s") from None
    assert process.returncode == 0, f"{words}: {output.decode()}"
    return output.decode()


@pytest.fixture
async def folder(tmp_path: Path, http: httpx.AsyncClient) -> Path:
    """A folder with the document as the deployment serves it, and with the programs that use a client."""
    document = await http.get("/openapi.json")
    (tmp_path / "openapi.json").write_text(document.text)
    for name in ("use.ts", "tsconfig.json", "use.py", "python.yml"):
        shutil.copy(CLIENTS / name, tmp_path)
    return tmp_path


def arguments(world: World) -> tuple[str, str, str]:
    """What the programs ask for: where the API is, a token, and a microDAO."""
    return world.stack.api_url, token("user:generated", world.secret(), [world.microdao]), world.microdao


async def test_a_typescript_client_compiles_and_works(world: World, folder: Path) -> None:
    modules = tool("E2E_NODE_MODULES")
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    await run(folder, modules / ".bin/openapi-typescript", "openapi.json", "-o", "client.ts")
    await run(folder, modules / ".bin/tsc", "-p", ".")
    assert await run(folder, "node", "out/use.js", *arguments(world)) == "Hello from TypeScript\n"


async def test_a_python_client_has_strict_types_and_works(world: World, folder: Path) -> None:
    python = tool("E2E_CLIENTS_PYTHON")
    generator = python.with_name("openapi-python-client")
    options = ("--config", "python.yml", "--meta", "none", "--fail-on-warning", "--output-path", "generated")
    await run(folder, generator, "generate", "--path", "openapi.json", *options)
    await run(folder, python, "-m", "mypy", "--strict", "use.py")
    assert await run(folder, python, "use.py", *arguments(world)) == "Hello from Python\n"


async def test_no_schema_of_a_request_has_what_generators_read_in_two_ways(http: httpx.AsyncClient) -> None:
    """A default makes a property required to one; alternatives that only require something are anything to another."""
    document = (await http.get("/openapi.json")).json()

    def schemas(part: Any) -> list[dict[str, Any]]:
        below = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
        found = [part] if isinstance(part, dict) else []
        return found + [schema for item in below for schema in schemas(item)]

    requests = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for path in document["paths"].values()
        for operation in path.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    names = {schema["$ref"].rsplit("/", 1)[1] for schema in requests if "$ref" in schema}
    assert len(names) > 5, names
    for name in names:
        for schema in schemas(document["components"]["schemas"][name]):
            assert "default" not in schema, name
            for keyword in ("oneOf", "anyOf"):
                assert all(set(one) != {"required"} for one in schema.get(keyword, [])), name

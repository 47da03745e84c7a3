"""Agents as callers of the public routes."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import Agent, Caller, World
from support.tokens import token


@pytest.fixture(params=["token", "name"])
def as_caller(request: pytest.FixtureRequest, world: World) -> Any:
    """Makes an agent a caller of the public routes: with its own token, or in development mode by its name."""

    def make(agent: Agent) -> Caller:
        if request.param == "token":
            return world.bearer(agent.id, token(agent.id, world.secret(), [world.microdao]))
        if not world.development:
            pytest.skip("names count only in development mode")
        return Caller(world.http, world.stack, agent.id, {"X-User-Id": agent.id})

    return make

"""People who search."""

import pytest

from harness.database import Database
from harness.world import World
from search.asking import Searched


@pytest.fixture
def search(world: World, db: Database) -> Searched:
    return Searched(world, db)

"""A real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from support.browser import start_browser


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    started = start_browser(tmp_path_factory.mktemp("chromium"))
    yield started
    started.quit()

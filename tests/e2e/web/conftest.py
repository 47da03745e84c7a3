"""A browser, and windows in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from support.browser import start_browser
from support.stack import Stack
from web.page import Page

NewPage = Callable[[], Page]


@pytest.fixture(scope="package")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    started = start_browser(tmp_path_factory.mktemp("chromium"))
    # Shorter than the 120 s for which the driver itself waits for an answer: what takes longer is a failure that says so.
    started.set_script_timeout(100)
    yield started
    started.quit()


@pytest.fixture
def complaints(driver: webdriver.Chrome) -> Callable[[], list[str]]:
    """What the console says is wrong: a violation of the policy for one, an address that cannot be read for another."""

    def said() -> list[str]:
        return [entry["message"] for entry in driver.get_log("browser") if entry["level"] not in ("INFO", "DEBUG")]

    said()
    return said


@pytest.fixture
def new_page(driver: webdriver.Chrome, stack: Stack, development: bool) -> Iterator[NewPage]:
    """Opens windows; each is a session of its own."""
    if not development:
        pytest.skip("people cannot name themselves here")
    first = driver.current_window_handle
    opened: list[str] = []

    def open_window() -> Page:
        driver.switch_to.new_window("window")
        driver.set_window_size(1280, 860)
        opened.append(driver.current_window_handle)
        return Page(driver, stack.api_url, opened[-1]).open()

    yield open_window
    for window in opened:
        driver.switch_to.window(window)
        # What one has chosen stays in the browser.
        driver.execute_script("localStorage.clear()")
        driver.close()
    driver.switch_to.window(first)


@pytest.fixture(scope="session")
def axe() -> str:
    """The program that looks for what people with a disability trip over."""
    path = os.environ.get("AXE_CORE")
    if not path:
        pytest.skip("needs axe-core, which cargo dev test brings: name its axe.min.js with AXE_CORE")
    return Path(path).read_text()

"""The interactive documentation in a real browser: a developer opens it, says who they are, and tries things out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from support.api import unique
from support.stack import Stack
from support.tokens import token

# How long the page may take to show something.
SECONDS = 20


class Page:
    """The page, and what the browser logs meanwhile."""

    def __init__(self, driver: webdriver.Chrome, base: str):
        self.driver = driver
        self.base = base

    def open(self) -> None:
        for log in ("browser", "performance"):
            self.driver.get_log(log)  # Forgets what was before.
        self.driver.get(f"{self.base}/docs")
        self.find(".opblock")

    def find(self, selector: str, inside: WebElement | None = None) -> WebElement:
        """The first such element, once it is visible."""

        def visible(_: webdriver.Chrome) -> WebElement | None:
            found = (inside or self.driver).find_elements(By.CSS_SELECTOR, selector)
            return next((element for element in found if element.is_displayed()), None)

        element: WebElement = WebDriverWait(self.driver, SECONDS).until(visible, f"there is no {selector}")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        return element

    def write(self, selector: str, text: str, inside: WebElement | None = None) -> None:
        field = self.find(selector, inside)
        field.clear()
        field.send_keys(text)

    def authorize(self, scheme: str, value: str) -> None:
        """Says who one is, in the dialog that asks for it."""
        self.find(".auth-wrapper > .authorize").click()
        for container in self.driver.find_elements(By.CSS_SELECTOR, ".auth-container"):
            if scheme in container.find_element(By.CSS_SELECTOR, "h4").text:
                self.write("input", value, container)
                self.find("button.authorize", container).click()
                self.find(".btn-done").click()
                return
        pytest.fail(f"the page asks for no {scheme}")

    def operation(self, name: str) -> WebElement:
        """An operation, folded out."""
        block = self.find(f".opblock[id$='-{name}']")
        if "is-open" not in (block.get_attribute("class") or ""):
            self.find(".opblock-summary-control", block).click()
        self.find("button.execute", block)
        return block

    def execute(self, block: WebElement) -> tuple[int, Any]:
        """Sends the request; returns what the page shows of the response: status and body."""
        self.find("button.execute", block).click()
        status = self.find(".live-responses-table .response .response-col_status", block).text
        body = self.find(".live-responses-table .highlight-code code", block).text
        return int(status.split()[0]), json.loads(body)

    def complaints(self) -> list[str]:
        """What the console says is wrong, once."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def requested(self) -> list[str]:
        """The addresses that the page asked for since it was opened."""
        entries = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in entries if e["method"] == "Network.requestWillBeSent"]


@pytest.fixture
def page(driver: webdriver.Chrome, stack: Stack) -> Iterator[Page]:
    opened = Page(driver, stack.api_url)
    opened.open()
    yield opened
    assert opened.complaints() == []
    # chrome:// is the browser itself, which may still be at its start page.
    known = (f"{stack.api_url}/", "data:image/", "chrome://")
    assert [url for url in opened.requested() if not url.startswith(known)] == []


def test_every_operation_is_listed(page: Page, stack: Stack) -> None:
    document = httpx.get(f"{stack.api_url}/openapi.json", trust_env=False).json()
    wanted = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    shown = set()
    for block in page.driver.find_elements(By.CSS_SELECTOR, ".opblock"):
        method = block.find_element(By.CSS_SELECTOR, ".opblock-summary-method").text
        # Its text has invisible places for line breaks.
        path = block.find_element(By.CSS_SELECTOR, ".opblock-summary-path").get_attribute("data-path")
        shown.add((method, path))
    assert shown == wanted
    assert document["info"]["title"] in page.find(".info .title").text


def test_an_operation_shows_its_fields_and_its_problems(page: Page) -> None:
    block = page.operation("sendMessage")
    assert {"text": "Hello"} == json.loads(page.find("textarea", block).get_attribute("value") or "")
    assert "channel_archived" in block.text and "idempotency_key_reused" in block.text
    assert "could not render" not in page.driver.page_source.lower()


def test_a_channel_is_created_and_written_to_from_the_page(page: Page, development: bool, stack: Stack) -> None:
    entity, microdao, slug = f"user:{unique('docs')}", f"microdao:{unique('docs')}", unique("docs")
    if development:
        page.authorize("developmentUser", entity)
    else:
        stack.need("jwt_secret")
        page.authorize("bearerAuth", token(entity, stack.jwt_secret or "", [microdao]))
    create = page.operation("createChannel")
    page.write("textarea", json.dumps({"slug": slug, "name": "From the page", "microdao_id": microdao}), create)
    status, channel = page.execute(create)
    assert (status, channel["slug"], channel["created_by"]) == (201, slug, entity)
    send = page.operation("sendMessage")
    page.write("tr[data-param-name='channel_id'] input", channel["id"], send)
    status, message = page.execute(send)
    assert (status, message["content_preview"], message["sender_id"]) == (201, "Hello", entity)


def test_a_request_without_an_identity_shows_the_refusal(page: Page) -> None:
    status, body = page.execute(page.operation("listChannels"))
    assert (status, body["code"]) == (401, "unauthenticated")
    # The browser counts the refusal itself as an error.
    assert ["401" in complaint for complaint in page.complaints()] == [True]

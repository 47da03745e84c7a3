"""The web page in a real browser, as somebody uses it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

# How long the page may take to show something.
SECONDS = 60

T = TypeVar("T")


class Page:
    """A window, and whoever has signed in in it: another window is another session."""

    def __init__(self, driver: webdriver.Chrome, base: str, window: str):
        self.driver = driver
        self.base = base
        self.window = window

    def front(self) -> Page:
        """Goes to this window."""
        self.driver.switch_to.window(self.window)
        return self

    def open(self, path: str = "/") -> Page:
        self.front().driver.get(self.base + path)
        return self

    def wait(self, what: str, look: Callable[[], T]) -> T:
        """What `look` finds, once it finds something."""
        gone = (StaleElementReferenceException, ElementNotInteractableException, ElementClickInterceptedException)
        try:
            return WebDriverWait(self.driver, SECONDS, 0.1, gone).until(lambda _: look(), what)
        except TimeoutException:
            self.picture("failure")
            raise

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def find(self, selector: str, text: str = "") -> WebElement:
        """The first such element with this text in it, once it is visible."""

        def visible() -> WebElement | None:
            return next((e for e in self.all(selector) if e.is_displayed() and text in e.text), None)

        return self.wait(f"there is no {selector} with {text!r}", visible)

    def click(self, selector: str, text: str = "") -> None:
        def clicked() -> bool:
            found = next((e for e in self.all(selector) if e.is_displayed() and text in e.text), None)
            if found:
                found.click()
            return found is not None

        self.wait(f"{selector} with {text!r} cannot be clicked", clicked)

    def button(self, label: str) -> None:
        """Presses a button that has no words but a label."""
        self.click(f'button[aria-label="{label}"]')

    def gone(self, selector: str, text: str = "") -> None:
        self.wait(f"{selector} with {text!r} stays", lambda: not [e for e in self.all(selector) if text in e.text])

    def field(self, selector: str, text: str) -> None:
        """Writes into a field, in place of what is in it."""
        field = self.find(selector)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)

    def sign_in(self, name: str) -> Page:
        self.field(".sign-in input", name)
        self.click(".sign-in .primary")
        self.find(".sidebar")
        return self

    def sign_in_by_link(self, token: str) -> Page:
        """Follows a link with a token, and says yes to whom it names."""
        self.accept_link(token).find(".sidebar")
        return self

    def accept_link(self, token: str) -> Page:
        """The same with a token that may be refused at once."""
        self.open(f"/#token={token}").click(".offer .primary")
        return self

    def create(self, name: str, microdao: str) -> str:
        """Creates a channel; returns its id."""
        self.button("New channel")
        self.field("dialog .field:nth-of-type(1) input", name)
        self.field("dialog .field:nth-of-type(3) input", microdao)
        self.click("dialog .primary")
        self.find(".channel-title", name)
        return self.driver.current_url.rsplit("/", 1)[1]

    def invite(self, who: str) -> None:
        self.field(".invite-form input", who)
        self.click(".invite-form button")
        self.find(".member-row", who)

    def write(self, text: str, where: str = ".conversation") -> None:
        """Writes a message and sends it with Enter."""
        self.find(f"{where} .composer textarea").send_keys(text, Keys.ENTER)

    def message(self, text: str, where: str = ".conversation") -> WebElement:
        """The message that says this, once it is one of the channel."""
        return self.find(f'{where} .message[data-state="sent"]', text)

    def texts(self) -> list[str]:
        """What the messages say, in the order in which they stand."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('.conversation .message')]"
            ".map((message) => message.querySelector('.body .plain-text, .body .html')?.textContent ?? '')"
        )

    def act(self, text: str, label: str, where: str = ".conversation") -> None:
        """Points at a message and presses one of the buttons that appear."""

        def pressed() -> bool:
            message = self.message(text, where)
            ActionChains(self.driver).move_to_element(message).perform()
            found = message.find_elements(By.CSS_SELECTOR, f'.actions button[aria-label="{label}"]')
            if found:
                found[0].click()
            return bool(found)

        self.wait(f"{text!r} has no {label}", pressed)

    def menu(self, text: str, item: str) -> None:
        self.act(text, "More")
        self.click('.popover [role="menuitem"]', item)

    def accept(self) -> None:
        """Says yes to a question of the browser."""
        self.wait("nothing was asked", lambda: self.driver.switch_to.alert).accept()

    def offline(self, is_offline: bool) -> None:
        """Takes the network from this window, or gives it back."""
        self.front()
        if is_offline:
            self.driver.set_network_conditions(offline=True, latency=0, throughput=0)
        else:
            self.driver.delete_network_conditions()

    def picture(self, name: str) -> None:
        """Keeps a picture of the page where `WEB_PICTURES` says, if it does."""
        if folder := os.environ.get("WEB_PICTURES"):
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))

    def theme(self, theme: str) -> None:
        self.driver.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)

    def faults(self, axe: str) -> list[str]:
        """What axe-core finds serious in what is shown, in both appearances."""
        found: list[str] = []
        for theme in ("light", "dark"):
            self.theme(theme)
            self.driver.execute_script(axe)
            result: dict[str, Any] = self.driver.execute_async_script(
                "axe.run(document, {resultTypes: ['violations']}).then(arguments[arguments.length - 1])"
            )
            for fault in result["violations"]:
                if fault["impact"] in ("serious", "critical"):
                    nodes = [(node["html"][:160], node.get("failureSummary", "")[:300]) for node in fault["nodes"][:3]]
                    found.append(f"{theme}: {fault['id']}: {nodes}")
        self.driver.execute_script("delete document.documentElement.dataset.theme")
        return found

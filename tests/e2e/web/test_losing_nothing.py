"""What somebody has typed or chosen, and what they have formatted, stays until it is where it belongs."""

from __future__ import annotations

from pathlib import Path

from support.api import World, unique
from support.media import png
from support.tokens import token
from web.conftest import NewPage
from web.page import Page

BOX = ".conversation .composer textarea"


def typed(page: Page, text: str) -> None:
    page.wait(f"the box has not {text!r}", lambda: page.find(BOX).get_attribute("value") == text)


def block(page: Page, urls: list[str]) -> None:
    """Lets requests to these addresses fail, as a network does that is half there."""
    page.front().driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": urls})


async def test_a_failed_upload_keeps_its_text_and_leaving_the_channel_keeps_the_files(
    world: World, new_page: NewPage, tmp_path: Path
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    await bob.set_profile(display_name="Bob")
    first, second = [await alice.create(**world.fields(name=unique(name))) for name in ("First", "Second")]
    await alice.invite(first["id"], bob.id)
    page = new_page().sign_in(alice.id.removeprefix("user:"))
    page.click(".channel-row", first["name"])
    file = tmp_path / "plan.png"
    file.write_bytes(png(24, 12))
    chooser = '.conversation .composer input[type="file"]'
    page.find(BOX)
    page.all(chooser)[0].send_keys("\n".join([str(file)] * 11))
    page.find(".notice", "At most 10 files")
    assert len(page.all(".tray li")) == 10
    for _ in range(9):
        page.click(".tray button")
    page.find(BOX).send_keys("For @Bo")
    page.click(".mention-list li", "Bob")
    block(page, ["*/files?*"])
    page.write("look")
    page.find(".notice")
    typed(page, "For @Bob look")
    page.find(".tray li", file.name)
    # What waits is there again when one comes back.
    page.click(".channel-row", second["name"])
    page.find(".channel-title", second["name"])
    page.click(".channel-row", first["name"])
    page.find(".tray li", file.name)
    typed(page, "For @Bob look")
    block(page, [])
    page.write("")
    page.message("For @Bob look")
    page.gone(".tray li")
    [sent] = [m for m in await alice.page(first["id"]) if m["file"] is not None]
    assert (sent["mentions"], sent["content_preview"]) == ([bob.id], "For @Bob look")


async def test_editing_keeps_the_draft_what_was_typed_and_the_formatting(world: World, new_page: NewPage) -> None:
    alice = world.user("alice")
    channel = await alice.create(**world.fields())
    html = {"text": "A bold word", "formatted_body": "A <b>bold</b> word"}
    said = await alice.send(channel["id"], **html)
    page = new_page().sign_in(alice.id.removeprefix("user:"))
    page.click(".channel-row", channel["name"])
    page.find(".message .html b", "bold")
    page.find(BOX).send_keys("A draft")
    # Saved as it was, nothing of it changes, and the draft comes back.
    page.menu("A bold word", "Edit")
    typed(page, "A bold word")
    page.write("")
    typed(page, "A draft")
    page.find(".message .html b", "bold")
    # The formatting goes only when one says so.
    page.menu("A bold word", "Edit")
    page.write(" more")
    page.wait("nothing was asked", lambda: page.driver.switch_to.alert).dismiss()
    typed(page, "A bold word more")
    assert (await alice.content(said))["formatted_body"] is not None
    # What cannot be saved stays in the box.
    block(page, ["*/messages/*"])
    page.write("")
    page.accept()
    page.find(".notice")
    typed(page, "A bold word more")
    block(page, [])
    page.write("")
    page.accept()
    page.message("A bold word more")
    typed(page, "A draft")


async def test_a_token_that_nobody_takes_any_more_leads_to_the_sign_in(world: World, new_page: NewPage) -> None:
    alice = world.member_of("alice", world.microdao)
    page = new_page()
    # Where the API is not asked, the relay alone says that a token is refused.
    listed = "const real = fetch; self.fetch = (url, init) => `${url}`.includes('/api/') ? new Promise(() => {}) : real(url, init)"
    page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": listed})
    page.driver.refresh()
    page.accept_link(token(alice.id, "another key, which is long enough to be one", [world.microdao]))
    page.find('.sign-in [role="alert"]', "ended")


async def test_the_page_says_when_it_could_not_be_loaded_and_needs_no_storage(world: World, new_page: NewPage) -> None:
    page = new_page()
    block(page, ["*/assets/*.js"])
    page.driver.refresh()
    page.find("#page", "This page could not be loaded. Reload it.")
    block(page, [])
    names = "['localStorage', 'sessionStorage']"
    forbidden = f"for (const name of {names}) Object.defineProperty(self, name, {{get() {{ throw new Error(name) }}}})"
    added = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": forbidden})
    page.driver.refresh()
    page.sign_in(world.user("alice").id.removeprefix("user:"))
    page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    page.driver.refresh()
    page.find(".sign-in")

"""How one gets into the page, and out of it."""

from __future__ import annotations

from collections.abc import Callable

from selenium.webdriver.common.keys import Keys

from support.api import World, unique
from support.tokens import token
from web.conftest import NewPage


async def test_a_token_of_the_address_signs_in_and_leaves_no_trace(world: World, new_page: NewPage) -> None:
    alice = world.member_of("alice", world.microdao)
    channel = await alice.create(**world.fields(visibility="private"))
    text = alice.headers["Authorization"].removeprefix("Bearer ")
    page = new_page().open(f"/#token={text}")
    # A link alone signs nobody in: it says as whom it would.
    page.find(".offer .primary", f"Continue as {alice.id}")
    assert page.driver.current_url == f"{page.base}/"
    assert "session" not in page.driver.execute_script("return Object.keys(sessionStorage)")
    page.click(".offer .plain")
    page.find(".sign-in input")
    page.sign_in_by_link(text)
    page.find(".channel-row", channel["name"])
    assert page.driver.current_url == f"{page.base}/"
    kept = "return JSON.stringify([Object.entries(localStorage), document.cookie, history.state])"
    assert text not in page.driver.execute_script(kept)
    # The token says in which microDAOs one may make channels.
    page.button("New channel")
    assert page.find("dialog select option").text == world.microdao
    page.button("Close")
    page.driver.refresh()
    page.find(".channel-row", channel["name"])
    page.button("Settings")
    page.click("dialog .buttons button", "Sign out")
    page.find(".sign-in")
    assert text not in page.driver.execute_script("return JSON.stringify(Object.entries(sessionStorage))")


async def test_what_is_no_token_is_refused_and_one_that_nobody_takes_ends_the_session(
    world: World, new_page: NewPage
) -> None:
    page = new_page()
    page.field(".sign-in input", "No Such Name!")
    page.click(".sign-in .primary")
    page.find('.sign-in [role="alert"]')
    forged = token(f"user:{unique('eve')}", "another key, which is long enough to be one", [world.microdao])
    page.field(".sign-in input", forged)
    page.click(".sign-in .primary")
    page.find('.sign-in [role="alert"]', "ended")
    # One that ends while one is signed in, and one that has ended before. The service takes it half a minute longer than it says,
    # as clocks differ, and the page does not know better.
    short = token(f"user:{unique('eve')}", world.secret(), [world.microdao], lifetime=-12)
    page.sign_in_by_link(short)
    page.find('.sign-in [role="alert"]', "ended")
    ended = token(f"user:{unique('eve')}", world.secret(), [world.microdao], lifetime=-60)
    page.open(f"/#token={ended}").click(".offer .primary")
    page.find('.sign-in [role="alert"]', "ended")


async def test_everything_can_be_done_with_keys(
    world: World, new_page: NewPage, complaints: Callable[[], list[str]]
) -> None:
    alice = world.user("alice")
    names = [unique("First"), unique("Second")]
    channels = [await alice.create(**world.fields(name=name)) for name in names]
    for text in ("One", "Two", "Three"):
        await alice.send(channels[0]["id"], text)
    page = new_page().sign_in(alice.id.removeprefix("user:"))
    page.find(".channel-row", names[1])
    active = "return document.activeElement.textContent"

    def press(*keys: str) -> None:
        page.driver.switch_to.active_element.send_keys(*keys)

    # Ctrl+K goes to a channel by a part of its name.
    press(Keys.CONTROL, "k")
    page.find("dialog.switcher input").send_keys(names[0][-8:], Keys.ENTER)
    page.find(".channel-title", names[0])
    page.message("Three")
    # In the list of channels arrows go up and down, and Enter opens.
    page.driver.execute_script("document.querySelector('.channel-row[aria-current]').focus()")
    press(Keys.END)
    press(Keys.HOME)
    press(Keys.ARROW_DOWN)
    assert names[1] in page.driver.execute_script(active)
    press(Keys.ARROW_UP)
    press(Keys.ENTER)
    # Among the messages likewise; the one that has the focus has its actions.
    page.driver.execute_script("document.getElementById('messages').focus()")
    press(Keys.ARROW_UP)
    press(Keys.ARROW_UP)
    assert "Two" in page.driver.execute_script(active)
    page.find('.message:focus-within .actions button[aria-label="Reply"]').send_keys(Keys.ENTER)
    page.find(".composer-note", "Reply to")
    assert page.driver.switch_to.active_element.tag_name == "textarea"
    # Shift+Enter begins a line, Enter sends, Escape gives up.
    press("Four", Keys.SHIFT, Keys.ENTER)
    press("and five", Keys.ENTER)
    page.message("Four\nand five")
    press(Keys.ARROW_UP)
    page.find(".composer-note", "Editing")
    press(Keys.ESCAPE)
    page.gone(".composer-note")
    # What opens takes the focus, and gives it back.
    page.find('button[aria-label="Members"]').send_keys(Keys.ENTER)
    page.find(".panel")
    page.wait(
        "the panel has the focus", lambda: page.driver.execute_script("return document.activeElement.closest('.panel')")
    )
    press(Keys.ESCAPE)
    page.gone(".panel")
    page.wait(
        "the focus is back", lambda: "Members" == page.driver.switch_to.active_element.get_attribute("aria-label")
    )
    assert complaints() == []


async def test_what_is_left_behind_belongs_to_whoever_left_it(world: World, new_page: NewPage) -> None:
    alice = world.member_of("alice", world.microdao)
    channels = [await alice.create(**world.fields(visibility="private")) for _ in range(2)]
    page = new_page()
    # A session that cannot be read is none.
    page.driver.execute_script("sessionStorage.setItem('session', '{')")
    page.driver.refresh()
    page.find(".sign-in")
    mine = token(alice.id, world.secret(), [world.microdao])
    page.sign_in_by_link(mine)
    page.click(".channel-row", channels[0]["name"])
    # What is being written stays while one looks elsewhere, and when the token is replaced by the next.
    page.find(".composer textarea").send_keys("A draft")
    page.click(".channel-row", channels[1]["name"])
    page.find(".channel-title", channels[1]["name"])
    page.click(".channel-row", channels[0]["name"])
    page.find(".channel-title", channels[0]["name"])
    go = "location.hash = 'token=' + arguments[0]"
    page.driver.execute_script(go, token(alice.id, world.secret(), [world.microdao], lifetime=3000))
    page.find(".channel-title", channels[0]["name"])
    page.wait("the draft is gone", lambda: page.find(".composer textarea").get_attribute("value") == "A draft")
    await alice.send(channels[0]["id"], "It is live")
    page.message("It is live")
    # A link with a token of somebody else asks first.
    page.driver.execute_script(go, token(f"user:{unique('eve')}", world.secret(), [world.microdao]))
    page.wait("nothing was asked", lambda: page.driver.switch_to.alert).dismiss()
    assert page.find(".sidebar-foot").text.lower().endswith(alice.id.removeprefix("user:"))

"""What somebody sees who comes for the first time, and what they are told where something is wrong."""

from __future__ import annotations

from support.api import World, unique
from web.conftest import NewPage


async def test_whoever_has_no_channel_is_shown_how_to_get_one(world: World, new_page: NewPage) -> None:
    alice = world.user("alice")
    page = new_page().sign_in(alice.id.removeprefix("user:"))
    page.click(".first-steps button", "Join a channel")
    page.find("dialog h2", "Join a channel")
    page.button("Close")
    page.click(".first-steps button", "Create a channel")
    page.field("dialog .field:nth-of-type(1) input", unique("First"))
    page.field("dialog .field:nth-of-type(3) input", world.microdao)
    page.click("dialog .primary")
    page.find(".channel-title", "First")
    page.gone(".first-steps")
    # It is open again for whoever signs in the next time, and not for whoever goes back to the list.
    channel = page.driver.current_url
    page.button("Settings")
    page.click("dialog .buttons button", "Sign out")
    page.find(".sign-in")
    page.open("/").sign_in(alice.id.removeprefix("user:"))
    page.find(".channel-title", "First")
    assert page.driver.current_url == channel
    page.open("/").find(".channel-row", "First")
    page.find(".nothing")
    assert page.driver.current_url == f"{page.base}/"


async def test_what_is_wrong_stands_in_the_dialog_at_its_field_in_the_language_of_the_page(
    world: World, new_page: NewPage
) -> None:
    alice = world.user("alice")
    name = alice.id.removeprefix("user:")
    page = new_page().sign_in(name)
    page.button("New direct channel")
    page.field("dialog .field:nth-of-type(1) input", name)
    page.click("dialog .primary")
    assert page.find('dialog .field:nth-of-type(1) [role="alert"]').text.startswith("That did not work")
    assert page.find("dialog input").get_attribute("aria-invalid") == "true"
    assert not page.all(".notice")
    page.driver.execute_script("localStorage.setItem('language', 'uk')")
    page.driver.refresh()
    page.button("Нова особиста розмова")
    page.find("dialog label", "З ким")
    page.field("dialog .field:nth-of-type(1) input", name)
    page.click("dialog .primary")
    page.find('dialog .field:nth-of-type(1) [role="alert"]', "поле заповнено неправильно")

"""A scene with two people, an agent and somebody with a Matrix client, from the first channel to a lost network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.api import World
from support.media import png
from support.person import NewPerson
from web.conftest import NewPage


async def test_two_people_an_agent_and_a_matrix_client_talk(
    world: World,
    new_page: NewPage,
    person: NewPerson,
    axe: str,
    complaints: Callable[[], list[str]],
    tmp_path: Path,
) -> None:
    agent, carol = world.agent("sofia"), await person("carol")
    name, [alice, bob] = "City festival", [world.user("alice"), world.user("bob")]
    for who, called in ((alice, "Alice"), (bob, "Bob")):
        await who.set_profile(display_name=called)
    await agent.request("PUT", f"/internal/agents/{agent.id}/profile", json={"display_name": "Sofia"})
    await carol.client.set_displayname("Carol")

    # Alice makes a channel and invites everybody.
    at_alice = new_page()
    assert at_alice.faults(axe) == []
    at_alice.sign_in(alice.id.removeprefix("user:"))
    channel = at_alice.create(name, world.microdao)
    at_alice.button("Members")
    for who in (bob.id, agent.id, carol.id):
        at_alice.invite(who)
    at_alice.button("Members")
    room = (await alice.get(f"/api/messaging/channels/{channel}")).json()["matrix_room_id"]
    await carol.join(room)

    # Bob finds himself in it.
    at_bob = new_page().sign_in(bob.id.removeprefix("user:"))
    at_bob.click(".channel-row", name)
    at_bob.write("Good morning! Shall we plan the festival?")
    at_alice.front().message("Good morning!")

    # An answer, an agent, and somebody in Matrix.
    at_alice.act("Good morning!", "Reply")
    at_alice.write("Gladly. We need a stage and a kitchen.")
    await agent.say(channel, "I have booked the stage for Saturday.")
    await carol.send(
        room,
        "m.room.message",
        {
            "msgtype": "m.text",
            "body": "Two stoves",
            "format": "org.matrix.custom.html",
            "formatted_body": "Two <b>stoves</b>",
        },
    )
    at_bob.front().find(".message .quote", "Good morning!")
    at_bob.find(".message .agent-mark")
    at_bob.find(".message .html b", "stoves")

    # Reactions of both; typing; who has seen it.
    at_bob.act("Gladly", "React")
    at_bob.click('.popover button[aria-label="React with 🎉"]')
    at_alice.front().click(".reaction", "🎉 1")
    at_bob.front().find(".reaction", "🎉 2")
    at_bob.find(".composer textarea").send_keys("I am writing")
    at_alice.front().find(".typing", "is typing")
    at_bob.front().field(".composer textarea", "A draft that is cleared")
    at_bob.write(" and sent")
    at_alice.front().find(".seen-by", "Bob")

    # Editing by the upward arrow, and deleting.
    at_alice.write("See you at nine.")
    at_alice.message("See you at nine.")
    at_alice.find(".composer textarea").send_keys("\ue013")
    at_alice.field(".composer textarea", "See you at ten.")
    at_alice.write("")
    at_bob.front().find(".message .body", "See you at ten.(edited)")
    at_bob.menu("and sent", "Delete")
    at_bob.accept()
    at_bob.gone(".message", "and sent")
    at_alice.front().gone(".message", "and sent")

    # A thread, and a pin.
    at_bob.front().act("booked the stage", "Reply in a thread")
    at_bob.write("Which size is it?", ".panel")
    at_bob.message("Which size is it?", ".panel")
    at_alice.front().click(".thread-line", "1 reply")
    at_alice.write("Twelve metres.", ".panel")
    at_bob.front().message("Twelve metres.", ".panel")
    at_bob.button("Close")
    at_alice.front().button("Close")
    at_alice.menu("booked the stage", "Pin")
    at_alice.find(".pin-mark")

    # A picture with a text.
    file = tmp_path / "plan of the place.png"
    file.write_bytes(png(240, 120))
    at_alice.all('.composer input[type="file"]')[0].send_keys(str(file))
    at_alice.find(".tray li", file.name)
    at_alice.write("The plan")
    at_bob.front().message("The plan")
    shown = "return [...document.querySelectorAll('.image-file img, .lightbox img')].at(-1)?.naturalWidth"
    at_bob.wait("the picture is shown", lambda: at_bob.driver.execute_script(shown))
    at_bob.click(".image-file")
    at_bob.wait("it is shown large", lambda: at_bob.driver.execute_script(shown) == 240)
    at_bob.find("dialog.lightbox").send_keys("\ue00c")
    at_bob.gone("dialog.lightbox")

    # Search, in any form of the word.
    at_bob.button("Search")
    at_bob.field(".panel input[type=search]", "stages from:" + agent.id)
    at_bob.find(".panel mark", "stage")
    assert at_bob.faults(axe) == []
    at_bob.picture("search")
    at_bob.click(".panel .message-line")
    at_bob.find(".message.marked", "booked the stage")
    at_bob.button("Search")

    # The network is lost. What is written waits, and comes in its order, once; so does what the others say meanwhile.
    at_alice.offline(True)
    at_alice.find('.connection[data-status="offline"] p')
    for text in ("Are you there?", "I am in the train."):
        at_alice.write(text)
    at_alice.find(".message.waiting", "Are you there?")
    # The browser takes it from all its windows, so Bob says this elsewhere.
    await bob.send(channel, "We are here.")
    at_alice.offline(False)
    at_alice.message("I am in the train.")
    at_alice.message("We are here.")
    at_alice.gone(".connection p")
    at_bob.front().message("I am in the train.")
    sent = ["Are you there?", "I am in the train."]
    for page in (at_alice, at_bob):
        texts = page.front().texts()
        assert [text for text in texts if text in sent] == sent
        assert len(texts) == len(set(texts)), texts
    assert [m["content_preview"] for m in (await alice.page(channel))[::-1] if m["content_preview"] in sent] == sent

    # What one has not read is counted in the list.
    at_bob.open("/")
    at_bob.find(".channel-row", name)
    await agent.say(channel, "Bob, the contract is signed.", mentions=[bob.id])
    at_bob.find(".channel-row .badge.mention")
    at_bob.find(".channel-row .badge", "1")
    at_bob.click(".channel-row", name)
    at_bob.find(".unread-line")
    at_bob.find(".message.meant", "the contract is signed")

    # It is usable in either appearance and in Ukrainian, and on a narrow screen one thing at a time.
    at_alice.front()
    assert at_alice.faults(axe) == []
    at_alice.picture("channel")
    at_alice.theme("dark")
    at_alice.picture("channel-dark")
    at_alice.button("Settings")
    at_alice.find('dialog option[value="uk"]').click()
    at_alice.find("dialog h2", "Налаштування")
    assert at_alice.driver.execute_script("return document.documentElement.lang") == "uk"
    at_alice.button("Закрити")
    at_alice.driver.set_window_size(420, 860)
    at_alice.picture("narrow")
    assert not at_alice.all(".sidebar")[0].is_displayed()
    at_alice.button("Назад до каналів")
    at_alice.find(".sidebar")
    # Without a network the browser says of each request that it has failed.
    assert [said for said in complaints() if "ERR_INTERNET_DISCONNECTED" not in said] == []

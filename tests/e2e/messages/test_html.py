"""HTML is cleaned to the subset that Matrix recommends, on its way into the room and on its way out of it."""

from __future__ import annotations

from typing import Any

from support.api import World, path_to
from support.person import NewPerson
from support.rooms import Rooms
from support.waiting import eventually

DIRTY = (
    "<b onclick=alert(1)>bold</b><script>alert(1)</script><img src=https://example.org/pixel.gif>"
    '<a href="javascript:alert(1)">a</a><a href="https://example.org/?a=1&amp;b=2" target=_blank>b</a>'
)
CLEAN = '<b>bold</b><a>a</a><a href="https://example.org/?a=1&amp;b=2">b</a>'
NOTHING = "<script>alert(1)</script><style>b{}</style>"


async def test_what_is_sent_and_edited_here_is_clean_in_the_room(world: World, rooms: Rooms) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    message = await alice.send(channel["id"], "bold", formatted_body=DIRTY, key="k")
    assert message["content_preview"] == "bold"
    # The same request again is the same, whatever became of its HTML.
    assert await alice.send(channel["id"], "bold", formatted_body=DIRTY, key="k") == message
    edit = {"text": "edited", "formatted_body": f"<i>edited</i>{NOTHING}"}
    assert (await alice.patch(path_to(channel["id"], message["id"]), edit)).status_code == 200
    nothing = await alice.send(channel["id"], "nothing", formatted_body=NOTHING)

    [sent, edited, plain] = await rooms.messages(channel["matrix_room_id"])
    assert (sent["content"]["format"], sent["content"]["formatted_body"]) == ("org.matrix.custom.html", CLEAN)
    assert edited["content"]["m.new_content"]["formatted_body"] == "<i>edited</i>"
    assert not {"format", "formatted_body"} & plain["content"].keys()
    assert (await alice.content(message))["formatted_body"] == "<i>edited</i>"
    assert (await alice.content(nothing))["formatted_body"] is None


async def test_an_agents_html_is_cleaned_as_well(world: World, rooms: Rooms) -> None:
    owner, sofia = world.user("owner"), world.agent("sofia")
    channel = await world.channel(owner)
    await owner.invite(channel["id"], sofia.id)
    await sofia.say(channel["id"], "bold", formatted_body=DIRTY)
    [sent] = await rooms.messages(channel["matrix_room_id"])
    assert sent["content"]["formatted_body"] == CLEAN


async def test_what_a_matrix_client_sends_is_clean_for_who_reads_it_here(world: World, person: NewPerson) -> None:
    alice, bob = world.user("alice"), await person("bob")
    channel = await world.channel(alice)
    await bob.join(channel["matrix_room_id"])
    sent = {"format": "org.matrix.custom.html"}
    for text, html, cleaned in [
        ("dirty", DIRTY, CLEAN),
        ("nothing", NOTHING, None),
        ("no text", {"b": 1}, None),
        ("misnested", f"<p>{'<b>' * 2000}</p>{'<p>x</p>' * 2000}", "<p>"),
    ]:
        await bob.say(channel["matrix_room_id"], text, formatted_body=html, **sent)

        async def arrived(text: str = text) -> dict[str, Any] | None:
            return next((m for m in await alice.history(channel["id"]) if m["content_preview"] == text), None)

        message = await eventually(f"{text} is indexed", arrived)
        shown = await alice.content(message)
        assert shown["text"] == text
        assert shown["content"].get("formatted_body") == shown["formatted_body"], text
        if text == "misnested":
            assert shown["formatted_body"].startswith("<p><b>") and len(shown["formatted_body"]) < 100_000
        else:
            assert shown["formatted_body"] == cleaned, text

"""A messenger on the client: what its people do and what others do is drawn, live, each once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from support.api import Caller, World, member_path, path_to, pin_path, reaction_path
from support.matrix_client import matrix_client
from support.messenger import Messenger
from support.rooms import Rooms
from support.waiting import eventually

Open = Callable[..., Awaitable[Messenger]]


def people(world: World) -> tuple[Caller, Caller]:
    return world.member_of("owner", world.microdao), world.member_of("reader", world.microdao)


async def test_what_is_sent_edited_reacted_to_and_deleted_is_drawn_whoever_does_it(
    world: World, rooms: Rooms, messenger: Open
) -> None:
    owner, reader = people(world)
    channel = await owner.create(**world.fields(visibility="microdao"))
    earlier = await owner.send(channel["id"], "earlier")
    opened = await messenger(reader, channel["id"])
    await opened.shows(channel, ["earlier"])
    key = await opened.send(channel, "mine")
    assert (await opened.items(channel))[-1]["key"] == key
    items = await opened.shows(channel, ["earlier", "mine"])
    assert [items[-1]["key"], items[-1]["sender_id"]] == [key, reader.id]
    mine = items[-1]["id"]
    # In Matrix, as Element does it.
    matrix = await matrix_client(rooms, owner)
    event = await matrix.say(channel["matrix_room_id"], "from Matrix")
    await opened.shows(channel, ["earlier", "mine", "from Matrix"])
    await matrix.edit(channel["matrix_room_id"], event, "changed in Matrix")
    await opened.do("edit", channel, message=mine, text="mine, changed")
    items = await opened.shows(channel, ["earlier", "mine, changed", "changed in Matrix"])
    await owner.put(reaction_path(earlier, "👍"))
    await opened.do("react", channel, message=earlier["id"], emoji="👍")
    await opened.do("react", channel, message=earlier["id"], emoji="🎉")
    await opened.do("react", channel, message=earlier["id"], emoji="🎉", reacted=False)

    async def counted() -> bool:
        return (await opened.items(channel))[0]["reactions"] == [{"emoji": "👍", "count": 2, "reacted": True}]

    await eventually("both reactions are drawn", counted)
    await opened.do("send in thread", channel, root=earlier["id"], body={"text": "in the thread"})

    async def threaded() -> bool:
        return (await opened.items(channel))[0]["thread"] == 1

    await eventually("the root has its reply", threaded)
    await opened.shows(channel, ["earlier", "mine, changed", "changed in Matrix"])
    await matrix.redact(channel["matrix_room_id"], event)
    await opened.do("delete", channel, message=mine)
    await opened.shows(channel, ["earlier"])
    assert not (await opened.report())["doubled"]


async def test_pins_typing_and_what_is_unread_are_drawn(world: World, messenger: Open) -> None:
    owner, reader = people(world)
    channel = await owner.create(**world.fields(visibility="private"))
    await owner.invite(channel["id"], reader.id)
    await reader.put(member_path(channel["id"]))
    first = await owner.send(channel["id"], "first")
    opened = await messenger(reader, channel["id"])
    await opened.shows(channel, ["first"])
    await opened.do("mark read", channel)

    async def marked() -> bool:
        return (await reader.get(path_to(channel["id"]))).json()["read_seq"] == first["seq"]

    await eventually("the marker has come to the index", marked)
    second = await owner.send(channel["id"], "second")
    await opened.shows(channel, ["first", "second"])

    async def unread(count: int) -> None:
        async def there() -> bool:
            report = await opened.report()
            [row] = [row for row in report["list"] if row["id"] == channel["id"]]
            view = report["channels"][channel["id"]]
            assert (row["last"], row["unread_count"]) == ("second", count), row
            return view["unread"]["unread_count"] == count

        await eventually(f"{count} are unread, in the channel and in the list", there)

    await unread(1)
    await opened.do("mark read", channel)
    await unread(0)
    await opened.do("pins", channel)
    await owner.put(pin_path(second))

    async def pinned() -> bool:
        return (await opened.view(channel))["pins"] == [second["id"]]

    await eventually("the pin is drawn", pinned)
    await owner.request("PUT", f"{path_to(channel['id'])}/typing", json={"typing": True})

    async def typing(*who: str) -> None:
        async def told() -> bool:
            return (await opened.view(channel))["typists"] == list(who)

        await eventually(f"{who} type", told, deadline=30)

    await typing(owner.id)
    await typing()


async def test_a_channel_that_the_caller_is_invited_to_is_in_the_list_at_once(world: World, messenger: Open) -> None:
    owner, reader = people(world)
    known = await owner.create(**world.fields(visibility="microdao"))
    opened = await messenger(reader, known["id"])
    await opened.shows(known, [])
    new = await owner.create(**world.fields(visibility="private"))
    await owner.invite(new["id"], reader.id)

    async def listed(wanted: bool) -> None:
        async def there() -> bool:
            ids = [row["id"] for row in (await opened.report())["list"]]
            return (new["id"] in ids) == wanted

        await eventually("the list follows the membership", there)

    await listed(True)
    await owner.remove(new["id"], reader.id)
    await listed(False)


async def test_old_messages_come_page_by_page_and_one_is_jumped_to(world: World, messenger: Open) -> None:
    owner, reader = people(world)
    channel = await owner.create(**world.fields(visibility="microdao"))
    sent = [await owner.send(channel["id"], f"{number}") for number in range(60)]
    opened = await messenger(reader, channel["id"])

    async def kinds() -> list[str]:
        return [item["kind"] for item in await opened.items(channel)]

    async def there() -> bool:
        return await kinds() == ["gap"] + ["message"] * 50

    await eventually("the newest are there", there)
    await opened.do("older", channel, limit=3)
    assert await kinds() == ["gap"] + ["message"] * 53
    assert await opened.do("around", channel, message=sent[1]["id"]) == sent[1]["id"]
    assert await kinds() == ["message"] * 6 + ["gap"] + ["message"] * 53
    assert await opened.do("members", channel) == list(await reader.members(channel["id"]))


async def test_a_file_is_uploaded_sent_and_read_again(world: World, messenger: Open) -> None:
    owner, reader = people(world)
    channel = await owner.create(**world.fields(visibility="private"))
    await owner.invite(channel["id"], reader.id)
    opened = await messenger(reader, channel["id"])
    await opened.shows(channel, [])
    size = 3_000_000
    done = await opened.do("upload", channel, size=size)
    assert done["told"][-1] == size and done["told"] == sorted(done["told"]), done["told"]
    assert done["uploaded"]["size"] == size
    [item] = await opened.shows(channel, ["x.txt"])
    assert item["file"]["content_uri"] == done["uploaded"]["content_uri"]
    assert await opened.do("download", channel, uri=item["file"]["content_uri"]) == size


async def test_what_is_refused_says_why(world: World, messenger: Open) -> None:
    owner, reader = people(world)
    channel = await owner.create(**world.fields(visibility="microdao"))
    theirs = await owner.send(channel["id"], "not yours")
    opened = await messenger(reader, channel["id"])
    await opened.shows(channel, ["not yours"])
    failed = await opened.refused("edit", channel, message=theirs["id"], text="mine")
    assert (failed["name"], failed["code"]) == ("ProblemError", "not_the_sender")
    await opened.do("send", channel, body={"text": ""})

    async def refused() -> dict[str, Any] | None:
        item = (await opened.items(channel))[-1]
        return item if item.get("state") == "failed" else None

    assert (await eventually("the message has failed", refused))["content_preview"] == ""

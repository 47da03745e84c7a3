"""Hostile events in a push: they change nothing, fail nothing, and harm no neighbour."""

from __future__ import annotations

import json
from typing import Any

from support.api import World, path_to
from support.homeserver import Homeserver, accepted, pushed_message
from support.unchanged import Unchanged


def hostile_events(channel: dict[str, Any]) -> dict[str, Any]:
    """Events of which no index can make anything, by what is wrong with them."""
    good = pushed_message(channel)
    without = {name: {k: v for k, v in good.items() if k != name} for name in good}
    return {
        "null": None,
        "number": 7,
        "text": "m.room.message",
        "list": [good],
        # What a struct could be read from.
        "values without names": [
            good["event_id"],
            good["room_id"],
            good["sender"],
            good["type"],
            None,
            None,
            1,
            good["content"],
        ],
        "empty": {},
        **{f"without {name}": value for name, value in without.items() if name != "origin_server_ts"},
        "event_id is a number": good | {"event_id": 1},
        "event_id is empty": good | {"event_id": ""},
        "event_id is too long": good | {"event_id": "$" + "x" * 300},
        "event_id with NUL": good | {"event_id": "$a\0b"},
        "sender is null": good | {"sender": None},
        "sender is no id": good | {"sender": "mallory"},
        "sender with NUL": good | {"sender": "@a\0b:x"},
        "an id that is none, of another server": good | {"sender": "@x:elsewhere.example", "event_id": "user:alice"},
        "an id with a space, of another server": good | {"sender": "@x:elsewhere.example", "event_id": "$a b"},
        "a room that is none, of another server": good | {"sender": "@x:elsewhere.example", "room_id": "#x:y"},
        "sender is too long": good | {"sender": "@" + "x" * 300 + ":y"},
        "room is unknown": good | {"room_id": "!unknown:localhost"},
        "room is a list": good | {"room_id": [channel["matrix_room_id"]]},
        "room with NUL": good | {"room_id": channel["matrix_room_id"] + "\0"},
        "unknown type": good | {"type": "org.example.thing"},
        "type is a number": good | {"type": 5},
        "a state event of that type": good | {"state_key": ""},
        "content is null": good | {"content": None},
        "content is a list": good | {"content": [1]},
        "content is a text": good | {"content": "hello"},
        "redacted": good | {"content": {}, "unsigned": {"redacted_because": {}}},
        "body is a number": good | {"content": {"msgtype": "m.text", "body": 5}},
        "body is missing": good | {"content": {"msgtype": "m.text"}},
        "msgtype is a list": good | {"content": {"msgtype": ["m.text"], "body": "x"}},
        "an edit of nothing": good
        | {
            "content": {"msgtype": "m.text", "body": "* x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}}
        },
        "a member without a body": good | {"type": "m.room.member", "state_key": "@x:y", "content": {}},
        "a membership that is none": good
        | {"type": "m.room.member", "state_key": "@x:y", "content": {"membership": "moderator"}},
        "a member that is no id": good
        | {"type": "m.room.member", "state_key": "\0", "content": {"membership": "join"}},
        "power levels of nonsense": good | {"type": "m.room.power_levels", "state_key": "", "content": {"users": [1]}},
        "a name of nonsense": good | {"type": "m.room.name", "state_key": "", "content": {"name": {"a": 1}}},
        "a reaction to nothing": good
        | {"type": "m.reaction", "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$x", "key": 1}}},
        "a redaction of nothing": good | {"type": "m.room.redaction", "redacts": "$nothing", "content": {}},
        "a tombstone to nowhere": good
        | {"type": "m.room.tombstone", "state_key": "", "content": {"replacement_room": 1}},
    }


async def test_hostile_events_change_nothing_and_fail_nothing(
    world: World, homeserver: Homeserver, unchanged: Unchanged
) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    async with unchanged(channel):
        for name, one in hostile_events(channel).items():
            response = await homeserver.push(one)
            assert (response.status_code, response.text) == (200, "{}"), name
    # All together, with a good one at the end, which is stored.
    good = pushed_message(channel, "the good one")
    accepted(await homeserver.push(*hostile_events(channel).values(), good))
    assert [m["content_preview"] for m in await owner.history(channel["id"])] == ["the good one"]


async def test_odd_messages_are_stored_as_well_as_they_can_be(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    odd = {
        "a\0b": pushed_message(channel, "a\0b"),
        "no time": {k: v for k, v in pushed_message(channel, "no time").items() if k != "origin_server_ts"},
        "time is a text": pushed_message(channel, "time is a text", origin_server_ts="now"),
        "time is negative": pushed_message(channel, "time is negative", origin_server_ts=-(2**62)),
        "time is far away": pushed_message(channel, "time is far away", origin_server_ts=2**63 - 1),
        "time is a fraction": pushed_message(channel, "time is a fraction", origin_server_ts=1e300),
        "relation of nonsense": pushed_message(channel, content={"msgtype": "m.text", "body": "relation of nonsense",
                                                        "m.relates_to": [{"m.in_reply_to": 1}]}),
        "reply to NUL": pushed_message(channel, content={"msgtype": "m.text", "body": "reply to NUL",
                                                "m.relates_to": {"m.in_reply_to": {"event_id": "$\0"}}}),
        "key of nonsense": pushed_message(channel, content={"msgtype": "m.text", "body": "key of nonsense",
                                                   "city.daarion.key": {"a": 1}, "city.daarion.fingerprint": "\0"}),
        "NUL elsewhere": pushed_message(channel, content={"msgtype": "m.text", "body": "NUL elsewhere", "a\0": {"b": ["\0"]}}),
        "our server, not our name": pushed_message(channel, "our server, not our name", sender="@user-UPPER:localhost"),
        "deep": pushed_message(channel, "deep", unsigned=json.loads("[" * 100 + "]" * 100)),
    }  # fmt: skip
    for name, one in odd.items():
        response = await homeserver.push(one)
        assert (response.status_code, response.text) == (200, "{}"), name
    previews = [m["content_preview"] for m in await owner.history(channel["id"])]
    assert previews == ["a\ufffdb", *list(odd)[1:]]


async def test_lone_surrogates_and_deep_nesting_fail_no_transaction(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    surrogate = json.dumps(pushed_message(channel, "SURROGATE")).replace("SURROGATE", "\\ud800")
    deep = json.dumps(pushed_message(channel, "DEEP")).replace('"DEEP"', "[" * 50_000 + "]" * 50_000)
    number = json.dumps(pushed_message(channel, "NUMBER")).replace('"NUMBER"', "1" * 400)
    good = [json.dumps(pushed_message(channel, f"good {n}")) for n in range(4)]
    body = ",".join([good[0], surrogate, good[1], deep, good[2], number, good[3]])
    accepted(await homeserver.push_raw(f'{{"events": [{body}]}}'.encode()))
    previews = [m["content_preview"] for m in await owner.history(channel["id"])]
    # A text with a lone surrogate may be left out or mended; its neighbours are there.
    assert [preview for preview in previews if preview.startswith("good")] == [f"good {n}" for n in range(4)]
    assert len(previews) <= 5


async def test_what_another_server_tells_becomes_something_one_can_see(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner, name="Old", topic="Old", avatar_url="mxc://a/b")

    async def tell(kind: str, **content: Any) -> dict[str, Any]:
        state = pushed_message(channel, type=f"m.room.{kind}", state_key="", content=content)
        accepted(await homeserver.push(state))
        return (await owner.get(path_to(channel["id"]))).json()

    assert (await tell("name", name="a\nb\u202ec\u001b[0m"))["name"] == "a bc[0m"
    assert (await tell("name", name="\u200b \u202e"))["name"] == "a bc[0m", "a name that nobody can see is none"
    assert (await tell("topic", topic="one\ntwo\u0000"))["topic"] == "one two\ufffd"
    assert (await tell("topic", topic="\u200b"))["topic"] is None
    assert (await tell("avatar", url="mxc://localhost/cat"))["avatar_url"] == "mxc://localhost/cat"
    for url in (
        "javascript:alert(1)//",
        "https://evil.example/x.png",
        "mxc://a",
        "mxc://a/b c",
        "mxc://a/" + "b" * 300,
    ):
        assert (await tell("avatar", url=url))["avatar_url"] is None, url
        await tell("avatar", url="mxc://localhost/cat")


async def test_a_reaction_that_nobody_can_see_is_none(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    message = await owner.send(channel["id"], "React!")
    for key in (" ", "\u200b", "\ufe0f", "\u202e👍\u0007"):
        relation = {"rel_type": "m.annotation", "event_id": message["matrix_event_id"], "key": key}
        accepted(await homeserver.push(pushed_message(channel, type="m.reaction", content={"m.relates_to": relation})))
    assert await owner.reactions(message) == {"👍": (1, False)}


async def test_no_message_is_older_than_its_channel(world: World, homeserver: Homeserver) -> None:
    owner = world.user("owner")
    channel = await world.channel(owner)
    first = pushed_message(channel, "first", origin_server_ts=1)
    relation = {"rel_type": "m.replace", "event_id": first["event_id"]}
    new = {"msgtype": "m.text", "body": "edited"}
    content = {"msgtype": "m.text", "body": "* edited", "m.new_content": new, "m.relates_to": relation}
    accepted(await homeserver.push(first, pushed_message(channel, origin_server_ts=2, content=content)))
    [message] = await owner.history(channel["id"])
    assert message["created_at"] >= channel["created_at"]
    assert message["edited_at"] >= message["created_at"]

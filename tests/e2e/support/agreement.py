"""Whether the index has what our homeserver has of a room, after all that was sent on either side has arrived."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

from support.index import Index
from support.matrix_client import MatrixClient
from support.neighbour import Neighbour
from support.rooms import Rooms
from support.waiting import eventually
from support.witness import Witness

# The least and the greatest level that the index holds.
# What is a message in a room that is not encrypted.
MESSAGES = ("m.room.message", "m.sticker", "m.poll.start", "org.matrix.msc3381.poll.start")
LEVELS = -(2**31), 2**31 - 1

INDEX = """
SELECT jsonb_build_object(
    'name', (SELECT name FROM public.channels c WHERE c.id = ch.id),
    'topic', (SELECT topic FROM public.channels c WHERE c.id = ch.id),
    'avatar', (SELECT avatar_url FROM public.channels c WHERE c.id = ch.id),
    'joined', (SELECT coalesce(jsonb_object_agg(matrix_user_id, matrix_power_level), '{}') FROM public.channel_members m
               WHERE m.channel_id = ch.id AND left_at IS NULL AND joined_at IS NOT NULL),
    'invited', (SELECT coalesce(jsonb_agg(matrix_user_id ORDER BY matrix_user_id COLLATE "C"), '[]')
                FROM public.channel_members m WHERE m.channel_id = ch.id AND left_at IS NULL AND joined_at IS NULL),
    'messages', (SELECT coalesce(jsonb_agg(matrix_event_id ORDER BY matrix_event_id COLLATE "C"), '[]')
                 FROM public.messages m WHERE m.channel_id = ch.id AND deleted_at IS NULL),
    'reactions', (SELECT coalesce(jsonb_agg(r.matrix_event_id ORDER BY r.matrix_event_id COLLATE "C"), '[]')
                  FROM public.message_reactions r JOIN public.messages m ON m.id = r.message_id
                  WHERE m.channel_id = ch.id AND removed_at IS NULL AND m.deleted_at IS NULL)
)::text FROM (SELECT $1::text::uuid AS id) ch
"""


class Agreement:
    """Compares the index with the room, and the two homeservers with each other."""

    def __init__(self, rooms: Rooms, index: Index, witness: Witness, neighbour: Neighbour):
        self.rooms = rooms
        self.index = index
        self.witness = witness
        self.neighbour = neighbour

    async def arrives(self, room: str, event: str) -> None:
        """Waits until our homeserver shows an event of the other one, and has pushed it."""

        async def shown() -> bool:
            return (await self.rooms.get(f"{_room(room)}/event/{quote(event, safe='')}")).status_code == 200

        await eventually(f"{event} has arrived", shown)
        await self.witness.settle()

    async def catches_up(self, room: str, *people: MatrixClient) -> None:
        """Waits until what people of the other homeserver have done before has arrived, also what ours shows nobody."""
        for person in people:
            await self.arrives(room, await person.say(room, "So far"))

    async def departs(self, who: MatrixClient, room: str, event: str) -> None:
        """Waits until somebody of the other homeserver sees an event of ours."""

        async def shown() -> bool:
            # With what was there before they came, which their server asks ours for.
            page = await who.call("GET", f"{_room(room)}/messages?dir=b&limit=100")
            return any(seen["event_id"] == event for seen in page["chunk"])

        await eventually(f"{who.id} sees {event}", shown)

    async def meets(self, room: str, *, ours: MatrixClient, theirs: MatrixClient) -> None:
        """Waits until both homeservers have what the other one has sent, after the link between them was away.

        A homeserver that could not reach another one waits for an occasion to try again. So both speak until they are heard.
        """

        async def heard() -> bool:
            spoken = await theirs.say(room, "So far"), await ours.say(room, "So far")
            async with asyncio.timeout(10):
                while not (await _shows(ours, room, spoken[0]) and await _shows(theirs, room, spoken[1])):
                    await asyncio.sleep(0.05)
            return True

        await eventually("the homeservers hear each other", heard, deadline=60)

    async def differences(self, channel: dict[str, Any]) -> dict[str, Any]:
        """In what index and room differ, each with what they have."""
        in_room = await self._room(channel["matrix_room_id"])
        in_index = json.loads(await self.index.value(INDEX, channel["id"]))
        return {name: (in_index[name], in_room[name]) for name in in_room if in_index[name] != in_room[name]}

    async def holds(self, channel: dict[str, Any]) -> None:
        """Checks that index and room agree."""
        await self.witness.settle()
        assert not await self.differences(channel), "index and room agree"

    async def _room(self, room: str) -> dict[str, Any]:
        response = await self.rooms.get(f"{_room(room)}/state")
        assert response.status_code == 200, response.text
        state = {(event["type"], event["state_key"]): event for event in response.json()}
        members = {
            key: event["content"]["membership"] for (kind, key), event in state.items() if kind == "m.room.member"
        }
        bot = state["m.room.create", ""]["sender"]
        members.pop(bot)
        levels = state["m.room.power_levels", ""]["content"]

        def level(member: str) -> int:
            stated = levels.get("users", {}).get(member, levels.get("users_default", 0))
            return max(LEVELS[0], min(LEVELS[1], stated))

        def content(kind: str, field: str) -> str | None:
            return state.get((kind, ""), {"content": {}})["content"].get(field) or None

        visible = [event for event in await self.rooms.events(room) if event["content"]]
        messages = {e["event_id"] for e in visible if e["type"] in MESSAGES and not _replaces(e)}
        return {
            "name": content("m.room.name", "name"),
            "topic": content("m.room.topic", "topic"),
            "avatar": content("m.room.avatar", "url"),
            "joined": {member: level(member) for member, how in members.items() if how == "join"},
            "invited": sorted(member for member, how in members.items() if how == "invite"),
            "messages": sorted(messages),
            "reactions": sorted(
                e["event_id"]
                for e in visible
                if e["type"] == "m.reaction" and e["content"]["m.relates_to"]["event_id"] in messages
            ),
        }


def _replaces(event: dict[str, Any]) -> bool:
    return event["content"].get("m.relates_to", {}).get("rel_type") == "m.replace"


async def _shows(who: MatrixClient, room: str, event: str) -> bool:
    response = await who.try_call("GET", f"{_room(room)}/event/{quote(event, safe='')}")
    return response.status_code == 200


def _room(room: str) -> str:
    return f"rooms/{quote(room, safe='')}"

"""What is kept of a channel or of a person goes into a folder, as Matrix has it, whole, and whatever happens on the way."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from support.api import CHANNELS, Caller, World, path_to, reaction_path
from support.data_life import command
from support.index import Index
from support.person import NewPerson
from support.rooms import Rooms
from support.stack import Stack
from support.waiting import eventually
from support.witness import Witness

BYTES = b"what a file says" * 1000


def lines(folder: Path, part: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{part}.ndjson").read_text().splitlines()]


def files(folder: Path) -> dict[str, bytes]:
    """Every file of the export but how far it was."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != "progress.json"}


async def send_file(caller: Caller, channel: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "text/plain"}
    path = f"{CHANNELS}/{channel['id']}/files?filename=a.txt"
    uploaded = await caller.request("POST", path, content=BYTES, headers=headers)
    assert uploaded.status_code == 201, uploaded.text
    file = {"content_uri": uploaded.json()["content_uri"]}
    return await caller.send(channel["id"], "a file", msgtype="m.file", file=file)


async def test_a_channel_is_as_matrix_has_it(
    world: World, rooms: Rooms, witness: Witness, person: NewPerson, stack: Stack, tmp_path: Path
) -> None:
    alice, bob, dave = world.user("alice"), world.user("bob"), await person("dave")
    channel = await world.channel(alice)
    room = channel["matrix_room_id"]
    await dave.join(room)
    async with witness.watch(channel, alice):
        long = await alice.send(channel["id"], "long " * 400, formatted_body="<b>long</b>")
        edited, deleted = [await alice.send(channel["id"], text) for text in ("first", "a secret")]
        response = await alice.patch(path_to(channel["id"], edited["id"]), {"text": "second"})
        assert response.status_code == 200
        await alice.delete(path_to(channel["id"], deleted["id"]))
        heard = await dave.say(room, "from Matrix", format="org.matrix.custom.html", formatted_body="<x>raw</x>")
        shown = await send_file(alice, channel)
        assert (await bob.put(reaction_path(long, "👍"))).status_code == 204
    to = tmp_path / "export"
    code, output = await command(stack, "export", "--channel", channel["id"], "--to", str(to))
    assert code == 0, output
    messages = {one["message"]["id"]: one for one in lines(to, "messages")}
    assert len(messages) == 5 and [one["message"]["seq"] for one in lines(to, "messages")] == sorted(
        one["message"]["seq"] for one in messages.values()
    )
    in_matrix = {event["event_id"]: event for event in await rooms.messages(room)}
    for one in messages.values():
        event = in_matrix[one["message"]["matrix_event_id"]]
        if one["message"]["id"] == deleted["id"]:
            assert "content" not in one and event["content"] == {}
        elif one["message"]["id"] == edited["id"]:
            assert one["content"]["body"] == "second"
        else:
            expected = (event["content"], event["sender"], event["origin_server_ts"])
            assert (one["content"], one["sender_matrix_id"], one["origin_server_ts"]) == expected
    assert {one["message"]["matrix_event_id"] for one in messages.values()} >= {heard}
    assert [one["emoji"] for one in messages[long["id"]]["reactions"]] == ["👍"]
    assert {one["member_id"] for one in lines(to, "members")} == {alice.id, bob.id, dave.id}
    assert [one["id"] for one in lines(to, "channel")] == [channel["id"]]
    assert [one["message_id"] for one in lines(to, "files")] == [shown["id"]]
    [content] = lines(to, "contents")
    assert (to / content["path"]).read_bytes() == BYTES
    assert (content["bytes"], content["sha256"]) == (len(BYTES), hashlib.sha256(BYTES).hexdigest())
    manifest = json.loads((to / "manifest.json").read_text())
    named = {one["name"]: one for one in manifest["files"]}
    assert named.keys() == files(to).keys() - {"manifest.json"} and manifest["missing"] == 0
    for name, one in named.items():
        text = (to / name).read_bytes()
        assert (one["bytes"], one["sha256"]) == (len(text), hashlib.sha256(text).hexdigest())
    # The folder of one is not that of another.
    other = await world.channel(alice)
    code, output = await command(stack, "export", "--channel", other["id"], "--to", str(to))
    assert code == 1 and channel["id"] in output


async def test_a_run_that_is_killed_goes_on(world: World, stack: Stack, tmp_path: Path) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    for n in range(130):
        await alice.send(channel["id"], f"message {n}")
    await send_file(alice, channel)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    code, output = await command(stack, "export", "--channel", channel["id"], "--to", str(whole))
    assert code == 0, output
    relay = stack.services["ws-relay"]
    kills = 0
    for part in (2, 3, 6):
        process = await asyncio.create_subprocess_exec(
            relay["command"][0], "export", "--channel", channel["id"], "--to", str(cut), env=os.environ | relay["env"]
        )

        def reached(part: int = part, process: asyncio.subprocess.Process = process) -> Any:
            async def check() -> bool:
                path = cut / "progress.json"
                at = json.loads(path.read_text())["place"] if path.exists() else {"part": 0, "after": None}
                return at["part"] >= part or at["part"] == 2 and bool(at["after"]) or process.returncode is not None

            return check

        await eventually("it has come some way", reached(), interval=0.001)
        if process.returncode is None:
            process.kill()
            kills += 1
        await process.wait()
        # As if it had been cut off in the middle of a line.
        with (cut / "messages.ndjson").open("a") as file:
            file.write('{"half')
    assert kills
    code, output = await command(stack, "export", "--channel", channel["id"], "--to", str(cut))
    assert code == 0, output
    assert files(cut) == files(whole)


async def test_what_matrix_has_no_more_is_named(world: World, index: Index, stack: Stack, tmp_path: Path) -> None:
    alice = world.user("alice")
    channel = await world.channel(alice)
    lost, kept = [await alice.send(channel["id"], text) for text in ("lost", "kept")]
    async with index.not_in_matrix(lost):
        code, output = await command(stack, "export", "--channel", channel["id"], "--to", str(tmp_path / "export"))
    assert code == 1 and lost["id"] in output and "1 things could not be had" in output
    [missing] = lines(tmp_path / "export", "missing")
    assert missing["message_id"] == lost["id"]
    texts = {one["message"]["id"]: one["content"] for one in lines(tmp_path / "export", "messages")}
    assert texts[lost["id"]] is None and texts[kept["id"]]["body"] == "kept"


async def test_a_person_is_exported_from_every_channel(
    world: World, witness: Witness, stack: Stack, tmp_path: Path
) -> None:
    alice, bob = world.user("alice"), world.user("bob")
    channels = [await world.channel(bob), await world.channel(alice, visibility="private")]
    await alice.set_profile(display_name="Alice")
    said = set()
    for channel in channels:
        theirs = await bob.try_send(channel["id"], "bob's")
        said.add((await alice.send(channel["id"], "alice's"))["id"])
    assert theirs.status_code == 404
    [first] = [message for message in await bob.page(channels[0]["id"]) if message["sender_id"] == bob.id]
    assert (await alice.put(reaction_path(first, "👍"))).status_code == 204
    said.add((await send_file(alice, channels[1]))["id"])
    to = tmp_path / "export"
    code, output = await command(stack, "export", "--person", alice.id, "--to", str(to))
    assert code == 0, output
    assert {one["message"]["id"] for one in lines(to, "messages")} == said
    assert {one["channel_id"] for one in lines(to, "memberships")} == {channel["id"] for channel in channels}
    assert [one["display_name"] for one in lines(to, "profile")] == ["Alice"]
    assert [one["message_id"] for one in lines(to, "reactions")] == [first["id"]]
    assert len(lines(to, "files")) == len(lines(to, "uploads")) == len(lines(to, "contents")) == 1
    assert "bob's" not in json.dumps({name: text.decode() for name, text in files(to).items()})
    code, output = await command(stack, "export", "--channel", world.microdao, "--to", str(to))
    assert code == 1 and "--channel takes the id of a channel" in output

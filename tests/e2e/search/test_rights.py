"""Nobody finds what they may not read, and nothing shows that there is something."""

from __future__ import annotations

from typing import Any

from support.api import UNKNOWN_ID, Caller, World, member_path, path_to, unique
from support.problems import problem, same_problem
from support.search import AGENT_SEARCH, SEARCH, search, texts
from support.tokens import token
from support.waiting import eventually

SECRET = "таємниця"


async def said(owner: Caller, world: World, **fields: Any) -> dict[str, Any]:
    """A channel in which somebody has said the word."""
    channel = await owner.create(**world.fields(**fields))
    await owner.send(channel["id"], SECRET)
    return channel


async def test_between_two_microdaos_only_public_channels_are_found(world: World) -> None:
    elsewhere = world.other_microdao("elsewhere")
    owner, eve = world.member_of("owner", world.microdao), world.member_of("eve", elsewhere)
    open_one = await said(owner, world, visibility="public")
    closed = [await said(owner, world, visibility=visibility) for visibility in ("microdao", "private")]
    member = world.member_of("member", world.microdao)
    of_microdao = {"microdao_id": world.microdao}

    async def found(who: Caller) -> set[str]:
        hits = (await search(who, "таємниці", **of_microdao))["hits"]
        return {hit["channel"]["id"] for hit in hits}

    assert await found(owner) == {open_one["id"], *(channel["id"] for channel in closed)}
    assert await found(member) == {open_one["id"], closed[0]["id"]}
    assert await found(eve) == {open_one["id"]}
    assert await found(world.member_of("nobody")) == {open_one["id"]}
    # A channel that one may not know of is none; nothing that the query says changes that.
    for q in ("таємниця", "таємниці -слово", f"from:{owner.id}", "", f"in:{closed[0]['id']}"):
        for channel in closed:
            there = await eve.get(SEARCH, q=q, channel_id=channel["id"])
            nowhere = await eve.get(SEARCH, q=q, channel_id=UNKNOWN_ID)
            problem(there, 404, "not_found")
            same_problem(there, nowhere)
    for q in (f"in:{closed[0]['id']}", f"in:{closed[1]['slug']} {SECRET}", f"-in:{open_one['id']} from:{owner.id}"):
        assert await texts(eve, q) == []
    problem(await world.stranger().get(SEARCH, q=SECRET), 401, "unauthenticated")


async def test_who_came_and_went_finds_what_they_may_read(world: World) -> None:
    owner = world.member_of("owner", world.microdao)
    private, shared = await said(owner, world, visibility="private"), await said(owner, world, visibility="microdao")
    guest, mute, banned = world.member_of("guest"), world.member_of("mute"), world.member_of("banned", world.microdao)
    where, of_microdao = {"channel_id": private["id"]}, {"microdao_id": world.microdao}
    await owner.invite(private["id"], guest.id)
    await guest.send(private["id"], "дякую")
    assert await texts(guest, SECRET, **of_microdao) == [SECRET]
    assert await texts(guest, SECRET, **where) == [SECRET]
    await guest.remove(private["id"])
    assert await texts(guest, SECRET, **of_microdao) == []
    problem(await guest.get(SEARCH, q=SECRET, **where), 404)
    await owner.invite(private["id"], mute.id, can_read=False)
    assert await texts(mute, SECRET, **of_microdao) == []
    problem(await mute.get(SEARCH, q=SECRET, **where), 403, "cannot_read")
    assert await texts(banned, SECRET, **of_microdao) == [SECRET]
    assert (await owner.delete(f"{member_path(shared['id'], banned.id)}?ban=true")).status_code == 204
    assert await texts(banned, SECRET, **of_microdao) == []
    problem(await banned.get(SEARCH, q=SECRET, channel_id=shared["id"]), 403, "cannot_read")


async def test_a_membership_by_the_microdao_counts_with_the_claim_alone(world: World) -> None:
    owner = world.member_of("owner", world.microdao)
    channel = await said(owner, world, visibility="microdao")
    member = world.member_of("member", world.microdao)
    await member.send(channel["id"], "я тут")
    former = world.bearer(member.id, token(member.id, world.secret(), []))
    assert await texts(member, SECRET, microdao_id=world.microdao) == [SECRET]
    assert await texts(former, SECRET, microdao_id=world.microdao) == []


async def test_an_archived_channel_is_found_as_it_is_read(world: World) -> None:
    owner = world.member_of("owner", world.microdao)
    channel = await said(owner, world, visibility="private")
    assert (await owner.delete(path_to(channel["id"]))).status_code == 204
    assert await texts(owner, SECRET, channel_id=channel["id"]) == [SECRET]


async def test_an_agent_finds_what_it_may_read(world: World) -> None:
    owner, sofia, other = world.member_of("owner", world.microdao), world.agent("sofia"), world.agent("other")
    private = await said(owner, world, visibility="private")
    await said(owner, world, visibility="microdao")
    open_one = await said(owner, world, visibility="public")
    await owner.invite(private["id"], sofia.id)
    of_microdao = {"microdao_id": world.microdao}

    async def found(agent: str | None) -> set[str]:
        query = {"agent_id": agent} if agent else {}
        page = await search(sofia, SECRET, AGENT_SEARCH, **of_microdao, **query)
        return {hit["channel"]["id"] for hit in page["hits"]}

    assert await found(sofia.id) == {private["id"], open_one["id"]}
    assert await found(other.id) == {open_one["id"]}
    # With a token of its own, too.
    own = world.bearer(sofia.id, token(sofia.id, world.secret(), []))
    assert len(await texts(own, SECRET, **of_microdao)) == 2
    # The next page is the same agent's.
    first = await sofia.get(AGENT_SEARCH, q=SECRET, agent_id=sofia.id, limit="1", **of_microdao)
    assert [hit["channel"]["id"] for hit in (await sofia.get(first.links["next"]["url"])).json()["hits"]] == [
        private["id"]
    ]
    # A service that names no agent reads the channel that it names.
    page = await search(sofia, SECRET, AGENT_SEARCH, channel_id=private["id"])
    assert [hit["channel"]["id"] for hit in page["hits"]] == [private["id"]]
    problem(await sofia.get(AGENT_SEARCH, q=SECRET, agent_id="sofia"), 404)
    problem(await owner.get(AGENT_SEARCH, q=SECRET, agent_id=sofia.id), 401)


async def test_a_misspelt_word_gets_suggestions_that_the_caller_would_find(world: World) -> None:
    owner, member = world.member_of("owner", world.microdao), world.member_of("member", world.microdao)
    eve = world.member_of("eve", world.other_microdao("elsewhere"))
    shared = await owner.create(**world.fields(visibility="microdao"))
    private = await owner.create(**world.fields(visibility="private"))
    await owner.send(shared["id"], "Холодильник на кухні, холодильника нема в саду")
    await owner.send(private["id"], "холодильниця")
    of_microdao = {"microdao_id": world.microdao}

    async def suggested() -> list[dict[str, Any]]:
        return (await search(member, "хлодильник кухня", **of_microdao))["did_you_mean"]

    # The relay has words learnt every minute.
    expected = [{"word": "хлодильник", "suggestions": ["холодильник"]}]
    assert await eventually("there are suggestions", suggested, deadline=90) == expected
    assert (await search(owner, "холодлиьник", **of_microdao))["did_you_mean"][0]["suggestions"] == ["холодильник"]
    for who, params in ((eve, of_microdao), (eve, {}), (member, {"channel_id": (await world.channel(owner))["id"]})):
        assert (await search(who, "хлодильник", **params))["did_you_mean"] == []
    # The second page, and what is found often, have none.
    for _ in range(3):
        await owner.send(shared["id"], "хлодильник " + unique("x"))
    assert (await search(member, "хлодильник", **of_microdao))["did_you_mean"] == []

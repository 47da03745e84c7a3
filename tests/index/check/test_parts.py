"""`ws-relay check`, the parts: each fault is found, alone, with what to do about it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nats
import pytest

from harness.doctor import Answers, check
from harness.services import own_nats
from support.tcp_proxy import TcpProxy

Settings = dict[str, str]
NO_CONNECTIONS = ("--app-connections", "10")


async def with_stream(url: str, **config: Any) -> None:
    client = await nats.connect(url)
    stream = {"name": "MESSAGING", "subjects": ["messaging.>"], "duplicate_window": 1800} | config
    await client.jetstream().add_stream(**stream)
    await client.close()


async def without_stream(url: str) -> None:
    client = await nats.connect(url)
    await client.jetstream().delete_stream("MESSAGING")
    await client.close()


async def test_a_healthy_service_has_no_line_but_good_ones_and_nothing_is_left(
    settings: Settings, answers: Answers, registration: Path
) -> None:
    await with_stream(settings["NATS_URL"])
    report = await check(settings, *NO_CONNECTIONS, "--registration", str(registration))
    assert (report.code, report.status) == (0, "ok"), report.checks
    seen = {line["check"] for line in report.checks}
    assert seen >= {
        *("settings.names", "settings.values", "settings.secrets", "settings.tokens", "settings.listen"),
        *("database", "database.schema", "database.rights", "database.pg_trgm", "database.connections"),
        *("database.listen", "nats", "nats.frames", "nats.jetstream", "nats.stream"),
        *("homeserver", "homeserver.token", "homeserver.registration", "homeserver.ping"),
        *("app", "app.version", "app.secret", "clocks.database", "clocks.homeserver", "clocks.app", "registration"),
    }
    # Nothing but questions, the ping that relays send all the time, and the removal of an alias that nobody has.
    changes = [path for method, path in answers.asked if method != "GET"]
    assert len(changes) == 2
    assert changes[0].startswith("/_matrix/client/v3/directory/room/#check-") and changes[1].endswith("/ping")
    client = await nats.connect(settings["NATS_URL"])
    assert (await client.jetstream().stream_info("MESSAGING")).state.messages == 0
    await client.close()
    await without_stream(settings["NATS_URL"])


async def test_connections_that_the_app_may_hold_are_compared_with_those_that_there_are(settings: Settings) -> None:
    report = await check(settings)
    assert report.level("database.connections") == "warning"
    assert report.code == 1 and "PgBouncer" in report.said("database.connections")


@pytest.mark.parametrize(
    ("changed", "found", "words"),
    [
        ({"MATRIX_AS_TOKEN": "f00ba4f00ba4f00ba4f00ba456"}, "homeserver.token", "as_token of the registration"),
        ({"MATRIX_SERVER_NAME": "elsewhere.org"}, "homeserver.token", "MATRIX_SERVER_NAME"),
        ({"MATRIX_BOT_LOCALPART": "robot"}, "homeserver.token", "MATRIX_BOT_LOCALPART=daarion"),
        ({"MATRIX_AS_ID": "other"}, "homeserver.ping", "MATRIX_AS_ID"),
        ({"MATRIX_HOMESERVER_URL": "http://127.0.0.1:1"}, "homeserver", "Does it run"),
        ({"MESSAGING_URL": "http://127.0.0.1:1"}, "app", "Does the Spin host run"),
        ({"INTERNAL_SECRET": "1b2c3d4e5f60718293a4b5c6d7"}, "app.secret", "the same for app and relay"),
        ({"NATS_URL": "nats://127.0.0.1:1"}, "nats", "Does it run"),
        ({"JWT_SECRET": "short"}, "settings.tokens", "at least 32 bytes"),
        ({"WS_QUEUE": "many"}, "settings.values", "WS_QUEUE"),
        ({"INTERNAL_SECRET_FILE": "/nowhere", "INTERNAL_SECRET": ""}, "settings.files", "/nowhere"),
    ],
)
async def test_a_wrong_setting_is_a_fault_where_it_shows(
    settings: Settings, changed: Settings, found: str, words: str
) -> None:
    report = await check(settings | changed)
    assert report.code == 2 and report.level(found) == "fault", report.checks
    assert words in report.said(found)
    others = {"database", "nats", "homeserver", "app"} - {found.partition(".")[0]}
    assert all(report.level(part) == "ok" for part in others), report.checks


@pytest.mark.parametrize(
    ("outside", "words"), [(("@user-",), "users @user-"), (("@agent-",), "users @agent-"), (("#",), "aliases #")]
)
async def test_a_namespace_that_the_registration_lacks_is_named(
    settings: Settings, answers: Answers, outside: tuple[str, ...], words: str
) -> None:
    answers.outside = outside
    report = await check(settings)
    assert report.level("homeserver.registration") == "fault"
    assert words in report.said("homeserver.registration")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (502, {"errcode": "M_BAD_STATUS", "status": 403}, "MATRIX_HS_TOKEN"),
        (502, {"errcode": "M_BAD_STATUS", "status": 401}, "MATRIX_HS_TOKEN"),
        (502, {"errcode": "M_BAD_STATUS", "status": 404}, "not the app"),
        (502, {"errcode": "M_CONNECTION_FAILED", "error": "refused"}, "does not reach the app: refused"),
        (504, {"errcode": "M_CONNECTION_TIMEOUT"}, "does not answer the homeserver in time"),
        (400, {"errcode": "M_URL_NOT_SET"}, "has no url"),
    ],
)
async def test_a_ping_that_fails_says_whose_fault_it_is(
    settings: Settings, answers: Answers, status: int, body: dict[str, Any], words: str
) -> None:
    answers.ping = (status, body)
    report = await check(settings)
    assert report.level("homeserver.ping") == "fault" and words in report.said("homeserver.ping")


async def test_a_registration_file_that_differs_from_the_settings_is_a_fault(
    settings: Settings, registration: Path
) -> None:
    registration.write_text(registration.read_text().replace("receive_ephemeral: true", "receive_ephemeral: false"))
    report = await check(settings | {"MATRIX_HS_TOKEN": "mine"}, "--registration", str(registration))
    assert report.level("registration") == "fault"
    assert "who types" in report.said("registration") and "hs_token" in report.said("registration")


async def test_an_app_of_another_version_in_another_mode_that_lacks_a_part_is_told(
    settings: Settings, answers: Answers
) -> None:
    answers.version, answers.auth_mode, answers.parts["postgresql"] = "0.0.1", "development", "failed"
    report = await check(settings)
    assert report.level("app.version") == "warning" and "0.0.1" in report.said("app.version")
    assert report.level("app.auth_mode") == "fault"
    assert report.level("app") == "fault" and "PostgreSQL" in report.said("app")


async def test_a_clock_that_is_wrong_is_told_and_one_that_is_far_off_is_a_fault(
    settings: Settings, answers: Answers
) -> None:
    answers.ahead = {"homeserver": 12, "app": -300}
    report = await check(settings)
    assert [report.level(f"clocks.{of}") for of in ("database", "homeserver", "app")] == ["ok", "warning", "fault"]
    # A Date header drops the part of a second, and the answer takes a while.
    ahead = re.search(r"is (\d+) s ahead", report.said("clocks.homeserver"))
    assert ahead and 8 <= int(ahead[1]) <= 12
    assert " s behind" in report.said("clocks.app")


async def test_a_part_that_hangs_is_told_and_holds_nobody_up(settings: Settings, answers: Answers) -> None:
    ways = {"DATABASE_URL": TcpProxy(settings["DATABASE_URL"]), "NATS_URL": TcpProxy(settings["NATS_URL"])}
    for way in ways.values():
        await way.start()
        way.hang()
    answers.hangs = ("/_matrix", "/health")
    try:
        report = await check(settings | {name: way.url for name, way in ways.items()}, deadline=30)
    finally:
        for way in ways.values():
            await way.stop()
    assert [report.level(part) for part in ("database", "nats", "homeserver", "app")] == ["fault"] * 4


async def test_a_ping_whose_app_hangs_does_not_hide_the_rest(settings: Settings, answers: Answers) -> None:
    answers.hangs = ("/_matrix/client/v1/appservice",)
    report = await check(settings)
    assert report.level("homeserver.ping") == "fault" and report.level("homeserver.token") == "ok"


async def test_keys_of_the_issuer_that_cannot_be_read_are_a_fault(settings: Settings, answers: Answers) -> None:
    of_issuer = {"JWT_SECRET": "", "JWT_JWKS_URL": f"{settings['MESSAGING_URL']}/jwks"}
    assert (await check(settings | of_issuer)).level("keys") == "fault"
    of_issuer["JWT_JWKS_URL"] = "http://127.0.0.1:1/jwks"
    report = await check(settings | of_issuer)
    assert report.level("keys") == "fault" and "JWT_JWKS_ALLOWED_HOST" in report.said("keys")


async def test_development_mode_weak_secrets_and_misspelt_settings_are_told(settings: Settings) -> None:
    report = await check(settings | {"AUTH_MODE": "development", "WS_LISTEN": "0.0.0.0:3001", "WS_LISTNE": "x"})
    assert report.level("settings.listen") == "fault" and "AUTH_MODE" in report.said("settings.listen")
    assert "Did you mean WS_LISTEN?" in report.said("settings.names")
    report = await check(settings | {"INTERNAL_SECRET": "changeme-changeme-changeme"})
    assert report.level("settings.secrets") == "fault"


async def test_nats_without_jetstream_and_a_stream_of_another_kind_are_told(settings: Settings) -> None:
    assert (await check(settings)).level("nats.stream") == "warning"
    await with_stream(settings["NATS_URL"], duplicate_window=1, storage="memory")
    report = await check(settings)
    assert report.level("nats.stream") == "warning" and "twice" in report.said("nats.stream")
    await without_stream(settings["NATS_URL"])
    await with_stream(settings["NATS_URL"], subjects=["other.>"])
    assert (await check(settings)).level("nats.stream") == "fault"
    await without_stream(settings["NATS_URL"])
    async with own_nats(jetstream=False, max_payload=65536) as server:
        report = await check(settings | {"NATS_URL": server.url})
    assert report.level("nats.jetstream") == "fault" and "-js" in report.said("nats.jetstream")
    assert report.level("nats") == "warning" and report.level("nats.frames") == "ok"


async def test_a_login_that_may_not_send_what_relays_send_is_told(settings: Settings) -> None:
    users = "{users: [{user: relay, password: x, permissions: {publish: ['$JS.API.>'], subscribe: ['_INBOX.>']}}]}"
    async with own_nats(authorization=users, login="relay:x@") as server:
        report = await check(settings | {"NATS_URL": server.url})
    assert report.level("nats.frames") == "fault" and "relay.>" in report.said("nats.frames")


async def test_wrong_arguments_are_refused(settings: Settings) -> None:
    with pytest.raises(AssertionError, match="unknown argument of check"):
        await check(settings, "--everything")

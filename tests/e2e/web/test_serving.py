"""How the page is served: what browsers are told of it, what is kept for how long, and what is not there."""

from __future__ import annotations

import gzip
import re
from urllib.parse import urlsplit

import httpx
import pytest

from support.api import UNKNOWN_ID
from support.problems import problem
from support.stack import Stack

# Of script that the first view loads, packed, in bytes.
SCRIPT_BUDGET = 150_000


async def page(http: httpx.AsyncClient) -> httpx.Response:
    response = await http.get("/", headers={"Accept-Encoding": "identity"})
    assert response.status_code == 200, response.text
    return response


async def assets(http: httpx.AsyncClient) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]+)"', (await page(http)).text)


async def test_the_page_may_run_its_own_files_and_call_its_own_address_and_the_relay_alone(
    http: httpx.AsyncClient, stack: Stack
) -> None:
    headers = (await page(http)).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert (
        policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    )
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'" and policy["trusted-types"] == "cleaned"
    assert set(policy["connect-src"].split()) == {"'self'", stack.ws_url}
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin" and "microphone=()" in headers["permissions-policy"]


async def test_the_page_has_no_script_and_no_style_inside(http: httpx.AsyncClient) -> None:
    text = (await page(http)).text
    assert "<style" not in text and "style=" not in text and not re.search(r"\son\w+=", text)
    assert re.findall(r"<script[^>]*>(.)", text) == ["<"]


async def test_files_that_are_named_after_their_content_are_kept_for_ever_and_the_page_is_asked_about(
    http: httpx.AsyncClient,
) -> None:
    index = await page(http)
    assert index.headers["cache-control"] == "no-cache"
    again = await http.get("/", headers={"Accept-Encoding": "identity", "If-None-Match": index.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", index.headers["etag"])
    for path in await assets(http):
        got = await http.get(path)
        assert got.status_code == 200 and "immutable" in got.headers["cache-control"], path
        assert got.headers["x-content-type-options"] == "nosniff" and got.headers["vary"] == "accept-encoding"


async def test_each_coding_is_what_was_asked_for_under_a_tag_of_its_own(http: httpx.AsyncClient) -> None:
    for path in ["/", *await assets(http)]:
        tags, texts = set(), []
        for accepted, coding in (("identity", None), ("gzip", "gzip"), ("gzip, br;q=0", "gzip"), ("gzip, br", "br")):
            async with http.stream("GET", path, headers={"Accept-Encoding": accepted}) as response:
                raw = b"".join([part async for part in response.aiter_raw()])
            assert response.headers.get("content-encoding") == coding, (path, accepted)
            assert response.headers["content-length"] == str(len(raw)) and response.headers["vary"] == "accept-encoding"
            tags.add(response.headers["etag"])
            if coding != "br":
                texts.append(gzip.decompress(raw) if coding else raw)
        assert len(tags) == 3 and len(set(texts)) == 1, path


async def test_head_tells_what_get_does(http: httpx.AsyncClient) -> None:
    for path in ["/", "/config.json", *await assets(http)]:
        got, head = await http.get(path), await http.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        for name in ("content-length", "content-type", "etag", "cache-control", "content-security-policy"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)


async def test_whoever_goes_to_a_channel_gets_the_page_and_a_script_does_not(http: httpx.AsyncClient) -> None:
    path = f"/channels/{UNKNOWN_ID}"
    for headers in ({"Sec-Fetch-Mode": "navigate"}, {"Accept": "text/html,*/*;q=0.8"}):
        response = await http.get(path, headers=headers)
        assert response.status_code == 200 and response.headers["content-type"].startswith("text/html")
        assert "content-security-policy" in response.headers
    problem(await http.get(path, headers={"Sec-Fetch-Mode": "cors", "Accept": "text/html"}), 404, "not_found")
    problem(await http.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/nothing.js",
        "/assets/../files.json",
        "/assets/..%2ffiles.json",
        "/assets/%2e%2e/files.json",
        "/assets/a/b",
        "/files.json",
        "/index.html",
        "/.gitignore",
        "/channels",
        "/channels/a/b",
    ],
)
async def test_what_is_no_file_of_the_page_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    # httpx would clean the path.
    url = httpx.URL(http.base_url).copy_with(raw_path=path.encode())
    problem(await http.send(http.build_request("GET", url, headers={"Sec-Fetch-Mode": "navigate"})), 404, "not_found")


async def test_packed_copies_have_no_address_of_their_own(http: httpx.AsyncClient) -> None:
    for path in await assets(http):
        problem(await http.get(f"{path}.br"), 404, "not_found")


async def test_other_methods_are_refused(http: httpx.AsyncClient) -> None:
    for path in ("/", "/config.json", "/assets/x.js", f"/channels/{UNKNOWN_ID}"):
        response = await http.post(path)
        problem(response, 405, "method_not_allowed")
        assert response.headers["allow"] == "GET"


async def test_the_page_is_told_where_the_relay_is_and_how_one_signs_in(
    http: httpx.AsyncClient, stack: Stack, development: bool
) -> None:
    response = await http.get("/config.json")
    assert response.status_code == 200 and response.headers["cache-control"] == "no-cache"
    mode = "development" if development else "token"
    assert response.json() == {"ws_url": stack.ws_url, "auth_mode": mode}


async def test_the_first_view_stays_within_its_budget_of_script(http: httpx.AsyncClient) -> None:
    total = 0
    for path in await assets(http):
        if urlsplit(path).path.endswith(".js"):
            async with http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as response:
                total += int(response.headers["content-length"])
    assert 0 < total <= SCRIPT_BUDGET

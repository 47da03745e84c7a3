"""What strangers write is text: whatever it looks like, nothing of it runs, and nothing is even tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

from support.api import CHANNELS, World, unique
from support.index import Index
from support.media import png, upload
from support.person import NewPerson
from web.conftest import NewPage

RUNS = "window.ran=1"
TEXTS = [
    f"<script>{RUNS}</script>",
    f'<img src=x onerror="{RUNS}">',
    f'"><svg onload="{RUNS}">',
    f"javascript:{RUNS}",
    f"https://example.org/'onmouseover='{RUNS}'",
    f'https://example.org/"><b onclick={RUNS}>',
    f"{{{{constructor.constructor('{RUNS}')()}}}}",
    "\u202egnp.exe \u2066\u2067 right to left",
    "https://user:pass@example.org:99999/",
]
HTMLS = [
    f"<script>{RUNS}</script>a",
    f'<img src="x" onerror="{RUNS}">b',
    f'<a href="javascript:{RUNS}">c</a>',
    f'<a href="jav&#x09;ascript:{RUNS}">d</a>',
    f'<svg><animate onbegin="{RUNS}" attributeName=x></svg>e',
    f'<math><mtext><table><mglyph><style><img src=x onerror="{RUNS}"></style></mglyph></table></mtext></math>f',
    f'<p style="position:fixed;inset:0" onclick="{RUNS}">g</p>',
    f'<iframe srcdoc="<script>parent.{RUNS}</script>"></iframe>h',
    f'<form action="javascript:{RUNS}"><button>i</button></form>',
    f"<details open ontoggle={RUNS}><summary>j</summary></details>",
    f'<noscript><p title="</noscript><img src=x onerror={RUNS}>">k</noscript>',
    f'<a href="data:text/html,<script>{RUNS}</script>">l</a><base href="//example.org/">',
    '<img src="mxc://example.org/nothing">m',
    '<span data-mx-color="red;background:url(//example.org)" data-mx-bg-color="#00ff00">n</span>',
]

# What would be wrong in the page, whoever put it there.
WRONG = """
const wrong = [];
if (window.ran !== undefined) wrong.push("it ran");
for (const element of document.querySelectorAll("#page *")) {
  if (["script", "iframe", "object", "embed", "form", "base", "link", "style", "animate"].includes(element.localName)
      && !element.matches(".composer, .invite-form")) wrong.push(element.outerHTML);
  for (const { name, value } of element.attributes) {
    if (name.startsWith("on")) wrong.push(name);
    if (/^(href|src|action)$/.test(name) && !/^(https?:|blob:|\\/|#messages$)/.test(value)) wrong.push(value);
  }
}
return wrong;
"""


async def test_nothing_that_a_stranger_writes_runs(
    world: World, new_page: NewPage, person: NewPerson, index: Index, complaints: Callable[[], list[str]]
) -> None:
    alice, mallory = world.user("alice"), await person("mallory")
    name = f"<img src=x onerror={RUNS}> {unique('t')}"
    channel = await alice.create(**world.fields(name=name, topic=f"<svg onload={RUNS}>"))
    path = f"{CHANNELS}/{channel['id']}"
    await mallory.client.set_displayname(f'"><img src=x onerror={RUNS}>')
    await mallory.join(channel["matrix_room_id"])
    for text in TEXTS:
        await mallory.say(channel["matrix_room_id"], text)
    for html in HTMLS:
        content = {"msgtype": "m.text", "body": "plain", "format": "org.matrix.custom.html", "formatted_body": html}
        await mallory.send(channel["matrix_room_id"], "m.room.message", content)
    told = await upload(alice, channel, png(), "image/png", filename=f'"><img src=x onerror={RUNS}>.png')
    file = {"content_uri": told["content_uri"], "filename": f"<img src=x onerror={RUNS}>.png"}
    last = await alice.send(channel["id"], f"<b onclick={RUNS}>picture</b>", msgtype="m.image", file=file)
    await alice.put(f"{path}/messages/{last['id']}/reactions/{quote('<b>', safe='')}")

    preview = {"title": TEXTS[0], "description": TEXTS[1], "site_name": TEXTS[2], "image": None}
    await index.rows(
        "UPDATE messaging.message_previews SET page = $2::text::jsonb, waiting_since = NULL WHERE channel_id = $1::text::uuid",
        channel["id"],
        json.dumps(preview),
    )

    page = new_page().sign_in(alice.id.removeprefix("user:"))
    page.click(".channel-row", name)
    page.message(f"<b onclick={RUNS}>picture</b>")
    # Those further up are drawn as one comes to them.
    seen: set[str] = set()
    scroller = page.find("#messages")
    for place in range(12):
        page.driver.execute_script(
            "arguments[0].scrollTop = arguments[0].scrollHeight * arguments[1] / 11", scroller, place
        )
        assert page.driver.execute_script(WRONG) == []

        def all_have_content() -> bool:
            return not [text for text in page.texts() if text == "plain"]

        page.wait("HTML is shown", all_have_content)
        seen |= set(page.texts())
        assert page.driver.execute_script(WRONG) == []
    # Texts are there as they were written, and of HTML what may be shown.
    assert set(TEXTS) <= seen, set(TEXTS) - seen
    assert {html[-1] for html in HTMLS[:3:2]} <= {"a", ">"} and {"a", "b", "c", "d", "g"} <= seen, seen
    page.button("Members")
    page.find(".member-row", f'"><img src=x onerror={RUNS}>')
    page.button("Search")
    page.field(".panel input[type=search]", "window has:link")
    page.wait("the search is through", lambda: page.find('.panel [role="status"].hint').text)
    assert page.driver.execute_script(WRONG) == []
    # A picture that is on no server cannot be loaded, which is said of an address; nothing else is said.
    assert [said for said in complaints() if "/media/" not in said] == []

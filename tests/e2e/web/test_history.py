"""Long channels: old messages come as one scrolls, nothing jumps, and it stays smooth."""

from __future__ import annotations

from support.api import World, reaction_path
from support.index import Index
from web.conftest import NewPage
from web.page import Page

MESSAGES = 10_000
# Of a task while one scrolls, in seconds of the page's own thread.
LONGEST = 0.1

# Scrolls up for ten seconds, or until there is nothing older; tells whether that is so.
READ_OLDER = """
const done = arguments[0];
const list = document.getElementById("messages");
const end = Date.now() + 10_000;
const step = () => {
  list.scrollTop = 0;
  const isAll = document.querySelector(".beginning")?.textContent.includes("begins") === true;
  if (isAll || Date.now() > end) done(isAll);
  else setTimeout(step, 20);
};
step();
"""
# It takes one or two alone, and more when the machine has other things to do.
TURNS = 30

# Scrolls by two screens, and waits until that is drawn; tells how many messages are.
STEP = """
const [distance, done] = arguments;
const list = document.getElementById("messages");
list.scrollTop += distance;
requestAnimationFrame(() => requestAnimationFrame(() => done(list.querySelectorAll(".message").length)));
"""

# Goes to the top at once; tells where the first message stood in the window before what is older had come, and then.
# Older messages must not arrive before it has looked.
JUMP = """
const done = arguments[0];
const list = document.getElementById("messages");
const top = () => list.querySelector(`[data-id="${id}"]`)?.getBoundingClientRect().top;
list.scrollTop = 300;
let id;
setTimeout(() => {
  id = list.querySelector(".message").dataset.id;
  const [before, height] = [top(), list.scrollHeight];
  const look = () => {
    if (list.scrollHeight > height + 1000) setTimeout(() => done([before, top()]), 300);
    else setTimeout(look, 50);
  };
  look();
}, 200);
"""

# Every response takes a second.
SLOW = {"offline": False, "latency": 1000, "downloadThroughput": -1, "uploadThroughput": -1}

# Scrolls up, and reacts before the list is told of that, which is with the next frame; tells how far from the end it stands.
SCROLL_AND_REACT = """
const done = arguments[0];
const list = document.getElementById("messages");
list.scrollTop -= 1000;
document.querySelector(".reaction").click();
setTimeout(() => done(list.scrollHeight - list.scrollTop - list.clientHeight), 500);
"""


async def fill(index: Index, channel: str, count: int) -> None:
    """Old messages, as if they had been written in the last days."""
    await index.rows(
        """INSERT INTO public.messages (channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type,
                                        sender_matrix_id, content_preview, created_at)
           SELECT c.id, 100 + n, '$old-' || c.id || n, 'm.room.message', 'user:' || (array['ann', 'ben', 'cyd'])[n % 3 + 1], 'human',
                  '@user-ann:localhost', 'Message ' || n || repeat(' and some more of it', n % 13), now() - (20000 - n) * interval '1 minute'
           FROM public.channels c, generate_series(1, $2::integer) n WHERE c.id = $1::text::uuid""",
        channel,
        count,
    )
    await index.rows("UPDATE public.channels SET last_seq = 100 + $2 WHERE id = $1::text::uuid", channel, count)


def thread_time(page: Page) -> float:
    """How long the page's thread has worked so far."""
    metrics = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


async def test_ten_thousand_messages_scroll_smoothly(world: World, new_page: NewPage, index: Index) -> None:
    alice = world.user("alice")
    channel = await alice.create(**world.fields())
    await fill(index, channel["id"], MESSAGES)
    page = new_page().sign_in(alice.id.removeprefix("user:"))
    page.click(".channel-row", channel["name"])
    page.message(f"Message {MESSAGES}")

    page.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})

    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", SLOW)
    before, after = page.driver.execute_async_script(JUMP)
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", SLOW | {"latency": 0})
    assert abs(before - after) <= 2, "what one looks at stays where it is"
    assert any(page.driver.execute_async_script(READ_OLDER) for _ in range(TURNS)), "there is always more"
    page.message("Message 1")
    busy = thread_time(page)
    for distance in [2000] * 40 + [-2000] * 20 + [9000] * 20:
        drawn = page.driver.execute_async_script(STEP, distance)
        assert 0 < drawn < 150, "only what is on the screen is drawn"
        # All tasks of a step together: none of them was longer. What other programs do meanwhile does not count.
        busy, before = thread_time(page), busy
        assert busy - before < LONGEST, distance
    page.driver.execute_script("document.getElementById('messages').scrollTop = 0")
    page.button("To the newest message")
    page.message(f"Message {MESSAGES}")


async def test_who_has_just_scrolled_stays_there_when_something_changes(
    world: World, new_page: NewPage, index: Index
) -> None:
    alice = world.user("alice")
    channel = await alice.create(**world.fields())
    await fill(index, channel["id"], 200)
    await alice.put(reaction_path(await alice.send(channel["id"], "Look"), "🎉"))
    page = new_page().sign_in(alice.id.removeprefix("user:"))
    page.click(".channel-row", channel["name"])
    page.find(".reaction", "🎉 1")
    assert abs(page.driver.execute_async_script(SCROLL_AND_REACT) - 1000) < 100

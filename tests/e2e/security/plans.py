"""How each operation of the OpenAPI document is called against what is hidden from the caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from support.api import UNKNOWN_ID


@dataclass(frozen=True)
class Target:
    """The ids that a request names: of a hidden channel, or of nothing."""

    channel: str
    message: str
    member: str
    agent: str
    microdao: str

    def path(self, template: str) -> str:
        """The operation's path with these ids."""
        values = {
            "channel_id": self.channel,
            "message_id": self.message,
            "member_id": self.member,
            "agent_id": self.agent,
            "microdao_id": self.microdao,
            "emoji": "x",
            "preview_id": UNKNOWN_ID,
            "erasure_id": UNKNOWN_ID,
            "server_name": "localhost",
            "media_id": "unknown",
        }
        for name, value in values.items():
            template = template.replace(f"{{{name}}}", quote(value, safe=""))
        return template


UNKNOWN = Target(UNKNOWN_ID, UNKNOWN_ID, "user:nobody", "agent:nobody", "microdao:nowhere")


@dataclass(frozen=True)
class Plan:
    """A request that would be right if its caller might do it, and what somebody of another microDAO gets for it."""

    foreigner: int = 404
    body: Any = None
    query: str = ""
    # Needs no identity, and tells everybody the same.
    open: bool = False

    def query_for(self, target: Target) -> str:
        return fill(self.query, target)

    def options(self, target: Target) -> dict[str, Any]:
        return {} if self.body is None else {"json": fill(self.body, target)}


def fill(body: Any, target: Target) -> Any:
    """The body with the target's ids where it has `{channel}` and so on."""
    if isinstance(body, dict):
        return {name: fill(value, target) for name, value in body.items()}
    if isinstance(body, list):
        return [fill(value, target) for value in body]
    return body.format(**vars(target)) if isinstance(body, str) else body


CREATE = {"slug": "taken-over", "name": "Taken over", "microdao_id": "{microdao}", "visibility": "public"}

# Every operation, by its name: one that is missing here fails the test.
PLANS = {
    "listChannels": Plan(200, query="?microdao_id={microdao}&order=activity"),
    "createChannel": Plan(403, CREATE),
    "getChannel": Plan(),
    "changeChannel": Plan(body={"name": "Taken over", "visibility": "public", "archived": False}),
    "archiveChannel": Plan(),
    "listMessages": Plan(query="?before={message}&deleted=true&include=content"),
    "sendMessage": Plan(body={"text": "Hello over there", "reply_to": "{message}", "thread_id": "{message}"}),
    "getMessage": Plan(),
    "editMessage": Plan(body={"text": "changed"}),
    "deleteMessage": Plan(),
    "listReplies": Plan(query="?after={message}"),
    "listReactions": Plan(),
    "addReaction": Plan(),
    "removeReaction": Plan(),
    "removePreview": Plan(),
    "storePreviewImage": Plan(401),
    "markRead": Plan(body={"message_id": "{message}", "thread_id": "{message}"}),
    "markUnread": Plan(),
    "muteChannel": Plan(body={"muted": True}),
    "listReceipts": Plan(query="?seq=1"),
    "getUnread": Plan(200),
    "sendReceipts": Plan(401),
    "deleteContent": Plan(401),
    "removeExpired": Plan(401),
    "holdChannel": Plan(401, {"reason": "over there"}),
    "releaseChannel": Plan(401),
    "erasePerson": Plan(401),
    "getErasure": Plan(401),
    "exportChannel": Plan(401, query="?part=messages"),
    "exportPerson": Plan(401, query="?part=messages"),
    "searchMessages": Plan(query="?q=here&channel_id={channel}&microdao_id={microdao}"),
    "searchMessagesForAgent": Plan(401, query="?q=here&agent_id={agent}"),
    "listThreads": Plan(query="?cursor=5&followed=true"),
    "followThread": Plan(),
    "unfollowThread": Plan(),
    "listPins": Plan(),
    "pinMessage": Plan(),
    "unpinMessage": Plan(),
    "uploadFile": Plan(body={"text": "Hello over there"}, query="?filename=hello.json"),
    # Of content that nobody has sent: what it is for whoever may not read it, files/test_rights.py says.
    "downloadMedia": Plan(),
    "downloadThumbnail": Plan(query="?width=96&height=96&method=crop"),
    "signMediaUrl": Plan(),
    "signMediaUrls": Plan(200, {"content_uris": ["mxc://localhost/unknown"]}),
    "setTyping": Plan(body={"typing": True}),
    "tellTyping": Plan(401, {"member_id": "{member}"}),
    "listMembers": Plan(),
    "inviteMember": Plan(body={"member_id": "user:mallory", "role": "owner"}),
    # Nobody joins in the name of others: that is refused before the channel is looked up.
    "joinChannel": Plan(403),
    "changeMember": Plan(body={"role": "guest"}),
    "removeMember": Plan(),
    "getProfile": Plan(),
    # Nobody changes another's profile: that is refused before anything is looked up.
    "changeProfile": Plan(403, {"display_name": "Taken over"}),
    "changeAgentProfile": Plan(401, {"display_name": "Taken over"}),
    "endMemberships": Plan(401),
    "postAsAgent": Plan(401, {"channel_id": "{channel}", "text": "Hello over there"}),
    "getAgentContext": Plan(401),
    "listMessagesForAgent": Plan(401, query="?agent_id={agent}"),
    "listSetAsideEvents": Plan(401),
    "replaySetAsideEvents": Plan(401),
    "reconcileChannel": Plan(401, query="?since=2026-01-01T00:00:00Z&min_age=0"),
    "reindexChannel": Plan(401, query="?before=5"),
    "receiveMatrixEvents": Plan(401, {"events": []}),
    "getHealth": Plan(200, open=True),
    "getReadiness": Plan(200, open=True),
    "getOpenapi": Plan(200, open=True),
    "getAsyncapi": Plan(200, open=True),
    "getDocs": Plan(200, open=True),
}

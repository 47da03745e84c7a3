"""Whether all answer the same, so that nobody is measured with an error or with less."""

from __future__ import annotations

from typing import Any

import httpx

from bench.http.work import Work

# What differs between two messages that are otherwise the same.
OWN = {"id", "channel_id", "matrix_event_id", "seq", "created_at"}


async def check_reads(http: httpx.AsyncClient, work: Work, urls: dict[str, str]) -> None:
    """Ours and the twin have to say the same, and Python of the same rows."""
    answers: dict[str, Any] = {}
    for who, url in urls.items():
        response = await http.get(url + work.asked.paths[0], headers=dict(work.asked.headers))
        assert response.status_code == 200, (who, work.name, response.status_code, response.text)
        answers[who] = response.json()
    ours = answers.pop("local host")
    for who, answer in answers.items():
        if who.startswith("Python"):
            assert ids(answer) == ids(ours), (who, work.name, answer)
        else:
            assert answer == ours, (who, work.name, answer, ours)


async def check_send(http: httpx.AsyncClient, work: Work, url: str) -> dict[str, Any]:
    """A message that is sent has to be there; gives what all have to say alike of it."""
    path = url + work.asked.paths[0]
    headers = dict(work.asked.headers)
    response = await http.post(path, headers=headers, content=work.asked.bodies[0])
    assert response.status_code == 201, (work.name, response.status_code, response.text)
    message = response.json()
    listed = await http.get(f"{path}?limit=50", headers=headers)
    assert message["id"] in {one["id"] for one in listed.json()}, (work.name, message)
    return {name: value for name, value in message.items() if name not in OWN}


def ids(answer: Any) -> Any:
    """Of rows only which they are: two that were made at the same moment may change places."""
    return {row["id"] for row in answer} if isinstance(answer, list) else answer["id"]

"""Asking all servers of the broker at once; each answers for itself."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nats.aio.client import Client

# Servers that have not answered by then are asked again with the next look.
_ANSWERS_S = 0.5


async def ask_all(
    client: Client, subject: str, questions: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Ask each question of all servers as a user of the system account; tell the answers that came in time."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    answers: list[dict[str, Any]] = []
    try:
        for question in questions:
            await client.publish(subject, json.dumps(question).encode(), reply=inbox)
        while True:
            message = await subscription.next_msg(timeout=_ANSWERS_S)
            answers.append(json.loads(message.data))
    except TimeoutError:
        return answers
    finally:
        await subscription.unsubscribe()

"""The gate: the broker asks here who may sign in, for NATS, WebSocket and MQTT clients alike.

Questions that wait are decided with one look at the database, so that a storm of reconnecting devices is let in as
fast as answers can be signed: the newest first, since who waited longest is about to lose patience and to ask anew.
Others on the event loop have their turn between two answers. Nothing is remembered between two looks: what was revoked
is refused from then on. Any number of replicas share the questions. While none answers, who is connected stays, and
nobody signs in.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from chassis.broker.nkey import BadKeyError, BadSealError, CurveKey
from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.consumers.crowding import Crowding
from fire_safety.domain.gate.credentials import Credential, SignInPolicy
from fire_safety.domain.gate.sign_in import Grant, Refusal, decide
from fire_safety.domain.gate.slowing import Slowing
from fire_safety.domain.gate.waiting import Waiting
from fire_safety.operations.sign_in import SignInOperations
from fire_safety.queries.sign_in import SignInQueries
from fire_safety.wire import sign_in as wire
from fire_safety.wire.nats_jwt import MalformedTokenError

_SUBJECT = "$SYS.REQ.USER.AUTH"
_QUEUE = "fire_safety"
_SERVER_KEY = "Nats-Server-Xkey"
# Questions that wait, decided at once, and refusals that are held back: bounds of memory in a flood. What is beyond
# them is not answered, and fails when the broker's patience ends.
_WAITING = 10_000
_AT_ONCE = 250
_HELD = 1_000
# What becomes of a question besides a refusal.
_OUTCOMES = ("granted", "unavailable", "overflow", "too_late", "malformed")


class AuthCallout:
    """Answers the broker's questions until cancelled."""

    def __init__(
        self,
        client: Client,
        key: CurveKey,
        answers: wire.Answers,
        queries: SignInQueries,
        operations: SignInOperations,
        crowding: Crowding,
        clock: Clock,
        *,
        mqtt_tls_only: bool = False,
    ) -> None:
        self._client = client
        self._mqtt_tls_only = mqtt_tls_only
        self._key = key
        self._answers = answers
        self._queries = queries
        self._operations = operations
        self._crowding = crowding
        self._clock = clock
        self._waiting: Waiting[_Asked] = Waiting(_WAITING)
        self._slowing = Slowing()
        self._asked = asyncio.Event()
        self._held: set[asyncio.Task[None]] = set()
        self._subscription: Subscription | None = None
        metrics.tell_from_the_start(metrics.SIGN_INS, (*_OUTCOMES, *Refusal))

    async def listen(self) -> None:
        """Take questions from now on: a service that says it is up must not leave the first ones unheard."""
        self._subscription = await self._client.subscribe(
            _SUBJECT, queue=_QUEUE, cb=self._on_question
        )

    async def run(self) -> None:
        """Answer; while the database is away nobody can be let in."""
        try:
            await self._answer_all()
        finally:
            if self._subscription:
                await self._subscription.unsubscribe()
            for task in self._held:
                task.cancel()

    async def _on_question(self, message: Msg) -> None:
        try:
            sender = (message.headers or {}).get(_SERVER_KEY, "")
            question = wire.question(self._key.open(message.data, sender))
            until = self._clock() + timedelta(seconds=question.patience_s)
        except (BadKeyError, BadSealError, MalformedTokenError):
            metrics.SIGN_INS.labels("malformed").inc()
            logger().warning("sign_in_question_malformed")
        else:
            if self._waiting.add(_Asked(message, sender, question, until)):
                metrics.SIGN_INS.labels("overflow").inc()
            self._asked.set()

    async def _answer_all(self) -> None:
        while True:
            await self._asked.wait()
            asked = self._newest()
            try:
                await self._decide(asked)
            except DatabaseUnavailableError:
                metrics.SIGN_INS.labels("unavailable").inc(len(asked))
                logger().warning("sign_ins_unanswered", questions=len(asked))
            except Exception:  # noqa: BLE001 - the edge: logged once; these clients ask again
                logger().exception("sign_ins_failed")

    def _newest(self) -> list["_Asked"]:
        newest, too_late = self._waiting.newest(_AT_ONCE, self._clock())
        metrics.SIGN_INS.labels("too_late").inc(too_late)
        if not self._waiting:
            self._asked.clear()
        return newest

    async def _decide(self, asked: Sequence["_Asked"]) -> None:
        if not asked:
            return
        now = self._clock()
        policy = await self._queries.policy(now)
        names = {one.question.attempt.name for one in asked}
        rights = await self._queries.rights({one for one in names if wire.could_be_device(one)})
        first_used: dict[str, Credential] = {}
        refused: set[str] = set()
        for one in asked:
            await asyncio.sleep(0)
            # Who has lost patience meanwhile is gone: an answer would only delay the others.
            if one.until <= self._clock():
                metrics.SIGN_INS.labels("too_late").inc()
                continue
            attempt = one.question.attempt
            verdict = decide(
                attempt,
                rights.get(attempt.name),
                policy,
                now,
                mqtt_tls_only=self._mqtt_tls_only,
            )
            if isinstance(verdict, Refusal):
                self._refuse(one, verdict, policy)
                refused |= {attempt.name} & rights.keys()
            else:
                await self._grant(one, verdict)
                if verdict.credential.first_used_at is None:
                    first_used[str(verdict.credential.credential_id)] = verdict.credential
        await self._operations.note(list(first_used.values()), refused)

    async def _grant(self, asked: "_Asked", grant: Grant) -> None:
        metrics.SIGN_INS.labels("granted").inc()
        answer = self._answers.granted(asked.question, grant, self._clock())
        await self._respond(asked, answer)
        self._crowding.note(grant.credential.device_id)

    def _refuse(self, asked: "_Asked", why: Refusal, policy: SignInPolicy) -> None:
        metrics.SIGN_INS.labels(why).inc()
        attempt = asked.question.attempt
        keys = (f"name {attempt.name[:64]}", f"host {attempt.host}")
        delay_s = self._slowing.failed(keys, self._clock().timestamp(), policy)
        if len(self._held) >= _HELD:
            return
        task = asyncio.create_task(self._refuse_later(asked, delay_s))
        self._held.add(task)
        task.add_done_callback(self._held.discard)

    async def _refuse_later(self, asked: "_Asked", delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        # Without a broker nobody waits for it.
        with suppress(NatsError, OSError):
            await self._respond(asked, self._answers.refused(asked.question, self._clock()))

    async def _respond(self, asked: "_Asked", answer: bytes) -> None:
        await asked.message.respond(self._key.seal(answer, asked.sender))


class _Asked:
    """A question as it came: what answers it, for whom the answer is encrypted, and until when it is awaited."""

    __slots__ = ("message", "question", "sender", "until")

    def __init__(
        self, message: Msg, sender: str, question: wire.Question, until: datetime
    ) -> None:
        self.message = message
        self.sender = sender
        self.question = question
        self.until = until

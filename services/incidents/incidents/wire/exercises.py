"""Exercises."""

from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.incidents.requests import ExerciseWanted
from incidents.wire.fields import plain_text, read_task
from ward.incidents.v1 import exercises_pb2 as pb

_PREMISES_ID_MAX = 200


def read_exercise(request: pb.BeginExerciseRequest, account: str) -> ExerciseWanted:
    """Read where an exercise begins, and what is assumed; raises FieldInvalidError."""
    check_request_id(request.request_id)
    scenario = read_task(request.scenario, "scenario")
    if not scenario:
        raise FieldInvalidError(
            "scenario", Rule("tình huống giả định; bắt buộc", "what is assumed; required")
        )
    return ExerciseWanted(
        premises_id=plain_text("premises_id", request.premises_id, _PREMISES_ID_MAX),
        scenario=scenario,
        account=account,
        request_id=request.request_id,
        digest=digest_of(request),
    )

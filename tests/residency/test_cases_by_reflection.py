"""A residence case by a client that has no generated code: it learns services and messages from the server."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.residency.desk import CITIZEN, NAME, OFFICER, SECOND_OFFICER, Desk, Person
from tests.residency.samples import add_building, number
from ward.residency.v1 import residency_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


class Stranger:
    """Calls by names and JSON; all else it asks the server."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        database = ProtoReflectionDescriptorDatabase(channel)
        self._pool = DescriptorPool(database)
        names = database.get_services()
        services = [self._pool.FindServiceByName(name) for name in names if "ward." in name]
        self._methods = {one.name: one for service in services for one in service.methods}

    def call(self, metadata: Any, method: str, **fields: Any) -> dict[str, Any]:
        """Call a method; tell its answer."""
        found = self._methods[method]
        request, answer = map(GetMessageClass, (found.input_type, found.output_type))
        invoke = self._channel.unary_unary(
            f"/{found.containing_service.full_name}/{method}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )
        asked = json_format.ParseDict(fields, request(), descriptor_pool=self._pool)
        answered = invoke(asked, metadata=metadata, timeout=10)
        told: dict[str, Any] = json_format.MessageToDict(answered, descriptor_pool=self._pool)
        return told


def story(target: str, signed_in: Callable[[Person], Any], dwelling_id: str) -> dict[str, Any]:
    """Take a case from draft to register, and tell how many live there and what was done."""

    def day(value: date) -> dict[str, int]:
        return {"year": value.year, "month": value.month, "day": value.day}

    with grpc.insecure_channel(target) as channel:
        stranger = Stranger(channel)

        def act(who: Person, method: str, **fields: Any) -> dict[str, Any]:
            return stranger.call(signed_in(who), method, requestId=str(uuid4()), **fields)

        def read(who: Person, method: str, reference: str, **fields: Any) -> dict[str, Any]:
            purpose = {"purpose": "PURPOSE_RESIDENCE_CASE", "reference": reference}
            return stranger.call(signed_in(who), method, purpose=purpose, **fields)

        declaration = {
            "declarant": {
                "personalIdNumber": number().digits,
                "fullName": NAME,
                "birthDate": {"year": 1990, "month": 5, "day": 17},
                "sex": "SEX_FEMALE",
            },
            "requestedContent": "Đăng ký tạm trú một năm",
            "signatories": ["SIGNATORY_DECLARANT"],
            "temporaryResidence": {
                "dwellingId": dwelling_id,
                "validFrom": day(date(2026, 11, 1)),
                "validUntil": day(date(2027, 11, 1)),
            },
        }
        draft = act(CITIZEN, "CreateCase", declaration=declaration)
        case_number = draft["case"]["caseNumber"]
        act(CITIZEN, "SubmitCase", caseNumber=case_number)
        act(OFFICER, "AcceptCase", caseNumber=case_number)
        act(OFFICER, "VerifyCase", caseNumber=case_number, originalSeen=True)
        act(SECOND_OFFICER, "ApproveCase", caseNumber=case_number)
        occupancy = read(OFFICER, "GetOccupancy", case_number, dwellingId=dwelling_id)
        whole = read(CITIZEN, "GetCase", case_number, caseNumber=case_number)
        return {"occupancy": occupancy, "whole": whole}


async def test_reflection_alone_is_enough_for_the_whole_story(desk: Desk) -> None:
    """From draft to register, with occupancy and its event, by names and JSON."""
    place = await add_building(desk.database)
    dwelling_id = str(place.dwelling_ids[0])
    told = await asyncio.to_thread(story, desk.target, desk.signed_in, dwelling_id)
    event = (await desk.hear(residency_pb2.OccupancyChanged)).occupancy

    assert told["occupancy"]["dwellings"][0]["registered"] == 1
    assert (event.dwelling.dwelling_id, event.registered) == (dwelling_id, 1)
    assert told["whole"]["case"]["state"] == "CASE_STATE_RECORDED"
    assert [entry["act"] for entry in told["whole"]["history"]] == [
        "CREATE",
        "SUBMIT",
        "ACCEPT",
        "SEE_ORIGINAL",
        "APPROVE",
        "RECORD",
    ]

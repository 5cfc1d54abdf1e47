"""Answers that are a document: as they are, with the tag by which a kept copy is known."""

from typing import Any

import pytest
from starlette.requests import Request

from gateway.schemas.contracts import read_contracts
from gateway.transcoder import document
from ward.incidents.v1 import printing_pb2 as pb
from ward.options.v1 import document_pb2

PDF = document_pb2.Document(media_type="application/pdf", content=b"%PDF-1.7", etag="f1")


def asking(known: str = "") -> Request:
    """Ask for a document, perhaps with a copy at hand."""
    headers = [(b"if-none-match", known.encode())] if known else []
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})


async def answered(told: document_pb2.Document, known: str = "") -> Any:
    """Have a document answered."""

    async def call(_request: Any) -> pb.PrintRescueBriefResponse:
        return pb.PrintRescueBriefResponse(document=told)

    return await document(call, "document")(asking(known), pb.PrintRescueBriefRequest())


async def test_a_document_is_answered_as_it_is() -> None:
    """With its media type; a private copy may be kept, and shown while nothing answers."""
    answer = await answered(PDF)

    assert (answer.status_code, answer.body) == (200, b"%PDF-1.7")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["etag"] == '"f1"'
    assert answer.headers["cache-control"] == "private, no-cache, stale-if-error=86400"


@pytest.mark.parametrize("known", ['"f1"', 'W/"f1"', '"f0", "f1"', "*"])
async def test_who_has_this_version_is_told_so(known: str) -> None:
    """Without the document."""
    answer = await answered(PDF, known)

    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["etag"] == '"f1"'


async def test_who_has_another_version_gets_this_one() -> None:
    """A part of a tag is none."""
    assert (await answered(PDF, '"f"')).status_code == 200


async def test_of_a_document_without_a_tag_no_copy_is_kept() -> None:
    """The frame of every answer says no-store."""
    names = document_pb2.Document(media_type="application/pdf", content=b"%PDF-1.7")
    answer = await answered(names, "*")

    assert answer.status_code == 200
    assert not {"etag", "cache-control"} & set(answer.headers)


async def test_a_document_with_a_name_is_saved_and_never_shown() -> None:
    """Whatever letters the name has, and whatever marks of a header's own."""
    told = document_pb2.Document(
        media_type="image/jpeg", content=b"\xff\xd8", file_name='ảnh "1";\r\nx.jpg'
    )
    answer = await answered(told)

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%E1%BA%A3nh%20%221%22%3B%0D%0Ax.jpg"
    )
    assert "etag" not in answer.headers


def test_the_contracts_say_which_methods_answer_with_a_document() -> None:
    """Only those; everything else is JSON."""
    methods = read_contracts(frozenset({"ward.incidents.v1"})).methods
    documents = {one.descriptor.name: one.document for one in methods if one.document}

    assert documents == dict.fromkeys(
        ("PrintRescueBrief", "PrintOccupants", "ExportFigures", "DownloadAttachment"), "document"
    )

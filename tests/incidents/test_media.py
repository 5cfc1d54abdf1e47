"""What a file is, and what is left of a photo: by content alone."""

import io
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from incidents.domain.attachments.media import (
    JPEG,
    PDF,
    PNG,
    WEBP,
    UnreadableError,
    judged,
    saved_as,
)
from incidents.domain.attachments.photos import without_metadata

PIXELS = 1_000_000
QUIET_PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n%%EOF\n"
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}
# What a telephone writes into a photo: 20°54' north, its maker, and that it was held upright.
WHERE, MAKER, UPRIGHT = 0x8825, 0x010F, 0x0112


def photo(media_type: str = JPEG, **options: Any) -> bytes:
    """Make a photo of four quarters, one of them red."""
    image = Image.new("RGB", (64, 32), "white")
    image.paste("red", (0, 0, 32, 16))
    written = io.BytesIO()
    image.save(written, FORMATS[media_type], **options)
    return written.getvalue()


def telephone_photo(media_type: str = JPEG) -> bytes:
    """Make a photo as a telephone does, which tells where it was."""
    exif = Image.Exif()
    exif[MAKER] = "Gia Dinh"
    exif[UPRIGHT] = 6
    exif.get_ifd(WHERE).update({1: "N", 2: (20.0, 54.0, 0.0)})
    return photo(media_type, exif=exif)


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_photo_is_known_by_what_it_holds(media_type: str) -> None:
    """Each by how it begins."""
    assert judged(photo(media_type)) == media_type


def test_a_pdf_is_known_by_what_it_holds() -> None:
    """From its first byte to its last line."""
    assert judged(QUIET_PDF) == PDF


REFUSED = {
    "nothing": b"",
    "text": b"tri",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!DOCTYPE html><p>",
    "program": b"MZ\x90\x00" + bytes(100),
    "archive": b"PK\x03\x04" + bytes(100),
    "gif": b"GIF89a" + bytes(100),
    "pdf after something": b"\n%PDF-1.7\n%%EOF",
    "pdf cut short": QUIET_PDF[:-8] + b" " * 2000,
    "pdf that acts": QUIET_PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript >>"),
    "pdf that starts programs": QUIET_PDF.replace(b"/Catalog", b"/Catalog /Launch (x)"),
    "pdf that hides that it acts": QUIET_PDF.replace(b"/Catalog", b"/Catalog /S /#4aava#53cript"),
    "pdf that carries files": QUIET_PDF.replace(b"/Catalog", b"/Catalog /EmbeddedFiles 2 0 R"),
    "photo and archive": photo() + b"PK\x05\x06" + bytes(18),
    "photo and pdf": photo(comment=b"%PDF-1.7 1 0 obj"),
    "photo and page": photo(comment=b"<html><body>"),
    "photo and script": photo() + b"<ScRiPt>alert(1)</script>",
    "photo and program": photo() + b"<?php system($_GET[0]);",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_allowed_type_or_two_things_at_once_is_refused(kind: str) -> None:
    """Scripts, archives and documents in or behind a photo too."""
    assert judged(REFUSED[kind]) == ""


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_photo_is_kept_without_where_and_with_what_it_was_taken(media_type: str) -> None:
    """And turned as it was held: what is left are pixels."""
    sent = telephone_photo(media_type)
    kept = without_metadata(sent, media_type, PIXELS)
    with Image.open(io.BytesIO(sent)) as before, Image.open(io.BytesIO(kept)) as after:
        told = before.getexif().get(MAKER)
        corner = after.convert("RGB").getpixel((24, 8))

        assert told == "Gia Dinh"
        assert dict(after.getexif()) == {}
        assert not {"exif", "xmp", "comment", "Comment", "icc_profile"} & set(after.info)
        assert after.size == (32, 64)
        assert isinstance(corner, tuple)
        assert corner[0] > 200
        assert corner[1] < 80
    assert b"Gia Dinh" not in kept


def test_comments_and_whatever_stands_behind_a_photo_are_gone() -> None:
    """Only what is seen is kept."""
    sent = photo(comment=b"0100 000 001") + b"hidden behind"
    kept = without_metadata(sent, JPEG, PIXELS)

    assert b"0100 000 001" in sent
    assert b"0100 000 001" not in kept
    assert b"hidden" not in kept


def test_texts_in_a_png_are_gone_and_what_is_transparent_stays() -> None:
    """A screenshot has its window's title in it."""
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    written = io.BytesIO()
    image.save(written, "PNG", xmp=b"<x>Gia Dinh</x>", dpi=(72, 72))
    kept = without_metadata(written.getvalue(), PNG, PIXELS)
    with Image.open(io.BytesIO(kept)) as after:
        assert (after.mode, after.getpixel((0, 0))) == ("RGBA", (255, 0, 0, 0))
        assert after.info == {}


def bomb() -> bytes:
    """Make a PNG of a few bytes that says it has 25,000,000 pixels."""
    written = io.BytesIO()
    Image.new("1", (5000, 5000)).save(written, "PNG")
    return written.getvalue()


BROKEN = {
    "cut short": (photo()[:-100], JPEG),
    "only its beginning": (b"\xff\xd8\xff\xe0", JPEG),
    "another type": (photo(PNG), JPEG),
    "a wrong checksum": (photo(PNG)[:45] + b"xxxx" + photo(PNG)[49:], PNG),
    "too many pixels": (bomb(), PNG),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_photo_that_cannot_be_read_whole_is_refused(kind: str) -> None:
    """By one error, whatever the decoder says; too many pixels before they are decoded."""
    content, media_type = BROKEN[kind]
    with pytest.raises(UnreadableError):
        without_metadata(content, media_type, PIXELS)


@given(st.binary(max_size=200), st.sampled_from(sorted(FORMATS)), st.integers(0, 400))
def test_no_bytes_bring_anything_but_a_photo_or_a_refusal(
    hostile: bytes, media_type: str, where: int
) -> None:
    """Bytes changed anywhere in a photo: what is kept can be read, or nothing is."""
    good = photo(media_type)
    content = good[:where] + hostile + good[where + len(hostile) :]
    try:
        kept = without_metadata(content, media_type, PIXELS)
    except UnreadableError:
        return
    with Image.open(io.BytesIO(kept)) as after:
        after.load()
        assert after.format == FORMATS[media_type]


def test_a_png_that_unpacks_to_more_than_it_says_is_refused() -> None:
    """Texts that are packed a thousandfold are not unpacked for long."""
    text = b"tEXt" + b"x" * 5
    packed = zlib.compress(b"x" * 50_000_000)
    chunk = b"zTXt" + b"k\x00\x00" + packed
    made = photo(PNG)
    content = made[:33] + _chunk(text) + _chunk(chunk) * 3 + made[33:]
    with pytest.raises(UnreadableError):
        without_metadata(content, PNG, PIXELS)


def _chunk(content: bytes) -> bytes:
    return (len(content) - 4).to_bytes(4) + content + zlib.crc32(content).to_bytes(4)


@pytest.mark.parametrize(
    ("told", "media_type", "saved"),
    [
        ("ảnh.jpg", JPEG, "ảnh.jpg"),
        ("ảnh.JPEG", JPEG, "ảnh.JPEG"),
        ("ảnh.exe", JPEG, "ảnh.exe.jpg"),
        ("đơn.html", PDF, "đơn.html.pdf"),
        ("png", PNG, "png.png"),
    ],
)
def test_a_file_is_saved_with_an_ending_of_what_it_is(
    told: str, media_type: str, saved: str
) -> None:
    """Whatever it is called, no system runs it or takes it for a page."""
    assert saved_as(told, media_type) == saved

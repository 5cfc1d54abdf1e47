"""Photos without what they know of place, time and device: decoded and written anew, pixels only."""

import io
from typing import Any

from PIL import Image, ImageOps
from PIL.JpegImagePlugin import get_sampling

from incidents.domain.attachments.media import JPEG, PNG, WEBP, UnreadableError

_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}
# What each format can hold; anything else becomes colours.
_MODES = {
    JPEG: frozenset({"L", "RGB", "CMYK"}),
    PNG: frozenset({"1", "L", "LA", "I;16", "P", "RGB", "RGBA"}),
    WEBP: frozenset({"RGB", "RGBA"}),
}
_WEBP_QUALITY = 90


def without_metadata(content: bytes, media_type: str, most_pixels: int) -> bytes:
    """Write a photo anew, turned as it was held, without metadata and without whatever was behind it.

    A JPEG keeps its tables of quantisation, so that hardly anything is lost. Raises UnreadableError.
    """
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]]) as photo:
            # Known from its first bytes, before anything is decoded.
            _require_size(photo, most_pixels)
            return _rewritten(photo, media_type)
    except Exception as error:  # whatever a decoder makes of hostile bytes, it is no photo
        raise UnreadableError from error


def _require_size(photo: Image.Image, most_pixels: int) -> None:
    if photo.width * photo.height > most_pixels:
        raise UnreadableError


def _rewritten(photo: Image.Image, media_type: str) -> bytes:
    options = _options(photo, media_type)
    ImageOps.exif_transpose(photo, in_place=True)
    if photo.mode not in _MODES[media_type]:
        is_transparent = media_type == WEBP and photo.has_transparency_data
        photo = photo.convert("RGBA" if is_transparent else "RGB")
    # Savers take some metadata from here; of a PNG which colour is none is a part of the picture.
    photo.info = {
        name: told
        for name, told in photo.info.items()
        if (media_type, name) == (PNG, "transparency")
    }
    written = io.BytesIO()
    photo.save(written, _FORMATS[media_type], **options)
    return written.getvalue()


def _options(photo: Any, media_type: str) -> dict[str, Any]:  # noqa: ANN401 - each format has its own class
    if media_type == JPEG:
        return {"qtables": photo.quantization, "subsampling": get_sampling(photo)}
    return {"quality": _WEBP_QUALITY} if media_type == WEBP else {}

"""Reading the CBOR (RFC 8949) that SenML is made of, and no more, since it may be hostile.

Values are what JSON knows, byte strings, and decimal fractions (tag 4), which become numbers as JSON's do. Everything
is of definite length; keys are texts or integers and never twice. General decoders read far more: tags that build
large numbers, dates or patterns, references to what encloses them, and keys of any type, of which a sender can choose
thousands that collide.
"""

import struct
from collections.abc import Callable

from chassis.errors import InvalidMessageError

_MAX_DEPTH = 8
_TAG_OF_DECIMALS = 4
_MAX_EXPONENT = 400
_INFORMATION = 0x1F
_ONE_BYTE, _EIGHT_BYTES = 24, 27
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None}


def read(payload: bytes) -> object:
    """Read the one item that a payload is; raises InvalidMessageError with not_cbor or duplicate_key."""
    reader = _Reader(payload)
    item = reader.item(0)
    if reader.at != len(payload):
        raise InvalidMessageError("not_cbor")
    return item


class _Reader:
    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self.at = 0
        self._by_type: list[Callable[[int, int], object]] = [
            lambda information, _: self._argument(information),
            lambda information, _: -1 - self._argument(information),
            lambda information, _: self._take(self._argument(information)),
            lambda information, _: self._text(information),
            self._array,
            self._map,
            self._decimal,
            lambda information, _: self._simple(information),
        ]

    def item(self, depth: int) -> object:
        """Read the next item, which is nested so deep."""
        if depth > _MAX_DEPTH:
            raise InvalidMessageError("not_cbor")
        head = self._take(1)[0]
        return self._by_type[head >> 5](head & _INFORMATION, depth)

    def _take(self, count: int) -> bytes:
        taken = self._payload[self.at : self.at + count]
        if len(taken) != count:
            raise InvalidMessageError("not_cbor")
        self.at += count
        return taken

    def _argument(self, information: int) -> int:
        if information < _ONE_BYTE:
            return information
        if information > _EIGHT_BYTES:  # reserved, or of indefinite length
            raise InvalidMessageError("not_cbor")
        return int.from_bytes(self._take(1 << (information - _ONE_BYTE)))

    def _text(self, information: int) -> str:
        try:
            return self._take(self._argument(information)).decode()
        except UnicodeDecodeError as error:
            raise InvalidMessageError("not_cbor") from error

    def _array(self, information: int, depth: int) -> list[object]:
        return [self.item(depth + 1) for _ in range(self._argument(information))]

    def _map(self, information: int, depth: int) -> dict[object, object]:
        found: dict[object, object] = {}
        for _ in range(self._argument(information)):
            key = self.item(depth + 1)
            if isinstance(key, bool) or not isinstance(key, str | int):
                raise InvalidMessageError("not_cbor")
            if key in found:
                raise InvalidMessageError("duplicate_key")
            found[key] = self.item(depth + 1)
        return found

    def _decimal(self, information: int, depth: int) -> float:
        """Read exponent and mantissa of a decimal fraction."""
        if self._argument(information) != _TAG_OF_DECIMALS:
            raise InvalidMessageError("not_cbor")
        parts = self.item(depth + 1)
        if not isinstance(parts, list) or [type(one) for one in parts] != [int, int]:
            raise InvalidMessageError("not_cbor")
        exponent, mantissa = parts
        if abs(exponent) > _MAX_EXPONENT:
            raise InvalidMessageError("not_cbor")
        return float(f"{mantissa}e{exponent}")

    def _simple(self, information: int) -> object:
        if layout := _FLOATS.get(information):
            (value,) = struct.unpack(layout, self._take(struct.calcsize(layout)))
            return value
        try:
            return _SIMPLE[information]
        except KeyError as error:
            raise InvalidMessageError("not_cbor") from error

"""One fuzzing process: `python -m fuzz.child MODULE:FUNCTION [libFuzzer flags]`.

libFuzzer takes the whole process over and ends it with its own exit code, so each decoder has one of its own. What is
to be watched must be imported for the first time here, and by none of this module's own imports.
"""

import sys
from importlib import import_module

import atheris

# The top-level packages whose branches guide the search.
_WATCHED = ["fire_safety", "json", "tests"]


def main() -> None:
    """Fuzz until the time is up or a promise is broken."""
    program, target, *flags = sys.argv
    module, _, function = target.partition(":")
    with atheris.instrument_imports(include=_WATCHED):
        promise = import_module("fuzz.expectation")
        decode = getattr(import_module(module), function)

    def test(payload: bytes) -> None:
        promise.check(promise.outcome_of(decode, payload))

    atheris.Setup([program, *flags], test)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

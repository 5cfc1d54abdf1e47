"""The gateway with Python's collector as it comes: `python -m bench.untuned serve`, with the gateway's settings.

It is the gateway's own command. What a service does for the collector once it has started
(`chassis.lifecycle`) does nothing here: no object is left out of collections, no threshold is another than Python's.
"""

import gc

from gateway.__main__ import main


def _nothing(*_: int) -> None:
    """Leave the collector as it is."""


if __name__ == "__main__":
    for name in ("freeze", "set_threshold"):
        setattr(gc, name, _nothing)
    main()

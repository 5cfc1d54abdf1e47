"""The command `dispatch`: serves a centre that takes every offer on, arrives, and ends, after some time each.

Or one that rejects every offer.
"""

import argparse
import asyncio
import contextlib
import signal

from simulator.dispatch.server import DispatchServer, Fault
from ward.dispatch.v1 import dispatch_pb2 as pb

_GRACE_S = 1.0
_REJECTED = "Không còn lực lượng để cử / nobody is left to send"
_NEXT = {
    pb.OFFER_STATE_RECEIVED: pb.OFFER_STATE_ACCEPTED,
    pb.OFFER_STATE_ACCEPTED: pb.OFFER_STATE_ON_SCENE,
    pb.OFFER_STATE_ON_SCENE: pb.OFFER_STATE_DISPOSED,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "--listen", default="127.0.0.1:15114", help="host:port; port 0 is any (%(default)s)"
    )
    parser.add_argument(
        "--fault", type=Fault, choices=list(Fault), default=Fault.NONE, help="how it fails"
    )
    parser.add_argument(
        "--step", type=float, default=10.0, help="seconds from one state to the next (%(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    """Serve until the end is asked for; returns the exit code."""
    asyncio.run(_serve(options.listen, options.fault, options.step))
    return 0


async def _serve(listen: str, fault: Fault, step_s: float) -> None:
    centre = DispatchServer(fault)
    server, port = await centre.serve(listen)
    print(
        f"→ Trung tâm 114 giả lập / simulated dispatch centre: cổng / port {port}, "
        f"lỗi / fault: {fault}",
        flush=True,
    )
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    while not ended.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), step_s)
        advance(centre)
    await server.stop(_GRACE_S)


def advance(centre: DispatchServer) -> None:
    """Bring each offer one state on, or reject it."""
    for offer_id, offer in centre.offers.items():
        if centre.fault is Fault.REJECTING:
            centre.decide(offer_id, pb.OFFER_STATE_REJECTED, _REJECTED)
        else:
            centre.decide(offer_id, _NEXT.get(offer.state, offer.state))

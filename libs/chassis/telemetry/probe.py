"""Hỏi một máy chủ tại đây còn phục vụ không · asking a server here for its health, where there is no shell.

`python -m chassis.telemetry.probe 127.0.0.1:50051`

It ends with 0 when the server says that it is serving, else with 1. An address that begins with http:// is read, any
other is that of a gRPC server (grpc.health.v1).
"""

import http.client
import sys
from urllib.parse import urlsplit

_TIMEOUT_S = 2.0


def main(address: str) -> int:
    """Ask once, and return the exit code; with `--help` tell what this is."""
    if address in {"-h", "--help"}:
        print(__doc__)  # noqa: T201 - the command speaks to people
        return 0
    serving = _http_serves(address) if address.startswith("http://") else _grpc_serves(address)
    return 0 if serving else 1


def _http_serves(address: str) -> bool:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _grpc_serves(address: str) -> bool:
    # Imported here: whoever asks over HTTP, every few seconds, need not load it.
    import grpc  # noqa: PLC0415
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415

    with grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        try:
            request = health_pb2.HealthCheckRequest()
            answer = health.Check(request, timeout=_TIMEOUT_S)  # type: ignore[attr-defined] # untyped
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

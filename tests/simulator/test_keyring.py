"""What simulated detectors need to sign in."""

from pathlib import Path

import pytest

from simulator.fleet.keyring import trust_of
from stack import ports
from stack.nats_server import NatsServer

pytestmark = pytest.mark.nats


@pytest.mark.parametrize("speaks_tls", [False, True])
def test_a_port_is_trusted_that_speaks_tls(scratch: Path, *, speaks_tls: bool) -> None:
    """Any other is spoken to as it is."""
    server = NatsServer(scratch, mqtt_port=0, mqtt_tls=speaks_tls)
    server.start()
    assert server.mqtt_port

    trust = trust_of(server.mqtt_port, server.certificates.authority_file)
    server.stop()

    assert (trust is not None) is speaks_tls


def test_a_port_where_nobody_listens_is_tried_again(scratch: Path) -> None:
    """It would be taken for one without TLS otherwise, for as long as the detector runs."""
    server = NatsServer(scratch)
    server.start()
    server.stop()
    (port,) = ports.free_ports(1)

    with pytest.raises(ConnectionRefusedError):
        trust_of(port, server.certificates.authority_file)

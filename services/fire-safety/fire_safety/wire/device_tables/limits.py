"""How large a file of devices may be."""

from chassis.sheets import Limits

OVER_THE_WIRE = Limits(file_bytes=3 * 2**20, unfolded_bytes=48 * 2**20, rows=5_000)
BY_COMMAND = Limits(file_bytes=32 * 2**20, unfolded_bytes=256 * 2**20, rows=100_000)

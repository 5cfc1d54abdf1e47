"""From payloads to readings: one file per payload format, each pure.

A decoder takes what came and from where, and gives a `Batch` or raises InvalidMessageError with a short reason; what
it believes is bounded by `IngestionLimits`. Fields that a format knows and we do not are tolerated everywhere: a
newer device must not fall silent because it says more.
"""

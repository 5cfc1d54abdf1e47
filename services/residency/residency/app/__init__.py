"""The only place where the service's parts are constructed."""

from residency.app.reference import MIGRATIONS, gazetteer, nationalities, registration_codes
from residency.app.serving import serve, start

__all__ = [
    "MIGRATIONS",
    "gazetteer",
    "nationalities",
    "registration_codes",
    "serve",
    "start",
]

"""What answers each service of the package."""

import secrets

from chassis.broker.feed import Feed
from chassis.broker.jetstream import EVENTS
from chassis.rpc.servicer import Servicer
from chassis.service import Base
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.areas import AreaOperations
from fire_safety.operations.credentials import CredentialOperations
from fire_safety.operations.devices import DeviceOperations
from fire_safety.operations.modes import ModeOperations
from fire_safety.operations.supply_points import SupplyPointOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.areas import AreaQueries
from fire_safety.queries.credentials import CredentialQueries
from fire_safety.queries.devices import DeviceQueries
from fire_safety.queries.modes import ModeQueries
from fire_safety.queries.premises import PremisesQueries
from fire_safety.queries.rates import RateQueries
from fire_safety.queries.readings import ReadingQueries
from fire_safety.queries.storms import StormQueries
from fire_safety.queries.supply_points import SupplyPointQueries
from fire_safety.servicer.areas import AreasServicer
from fire_safety.servicer.credentials import CredentialsServicer
from fire_safety.servicer.devices import DevicesServicer
from fire_safety.servicer.fire_safety import FireSafetyServicer
from fire_safety.servicer.modes import ModesServicer
from fire_safety.servicer.overview import OverviewServicer
from fire_safety.servicer.readings import ReadingsServicer
from fire_safety.servicer.supply_points import SupplyPointsServicer
from fire_safety.wire.alarms import CHANGE_SUBJECTS

_SECRET_BYTES = 32


def servicers_of(base: Base, modes: ModeOperations) -> list[Servicer]:
    """Make what answers each service of the package."""
    return [
        FireSafetyServicer(
            AlarmOperations(base.database, base.relay, base.clock),
            AlarmQueries(base.database),
            PremisesQueries(base.database),
            Feed(base.broker, base.jetstream, EVENTS.name or "", CHANGE_SUBJECTS),
            base.settings.ward_code,
        ),
        CredentialsServicer(
            CredentialOperations(base.database, base.clock, _make_secret),
            CredentialQueries(base.database),
        ),
        DevicesServicer(
            DeviceOperations(base.database, base.relay, base.clock), DeviceQueries(base.database)
        ),
        AreasServicer(
            AreaOperations(base.database, base.relay, base.clock, base.settings.ward_code),
            AreaQueries(base.database),
        ),
        SupplyPointsServicer(
            SupplyPointOperations(base.database, base.relay, base.clock, base.settings.ward_code),
            SupplyPointQueries(base.database),
            base.settings.ward_code,
        ),
        ReadingsServicer(ReadingQueries(base.database), base.clock),
        ModesServicer(modes, ModeQueries(base.database), base.clock),
        OverviewServicer(StormQueries(base.database), RateQueries(base.database), base.clock),
    ]


def _make_secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)

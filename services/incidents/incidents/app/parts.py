"""What most of the service is made of: its seals, and all that is made of them and of the settings once."""

import os
from dataclasses import dataclass
from typing import Self

from chassis.broker.feed import Feed
from chassis.broker.jetstream import EVENTS
from chassis.clock import Clock
from chassis.sealing import Seal, read_key
from chassis.service import Base
from chassis.settings import parts_of
from chassis.storage.database import Database
from chassis.storage.object_store import BucketStore, FolderStore, ObjectStore
from chassis.storage.outbox import Relay
from incidents.clients.residency import OccupancyRegister
from incidents.clients.sources import Sources
from incidents.domain.duty.contacts import ContactSeal
from incidents.domain.public_alerts import Sender
from incidents.domain.reports.sealing import AttachmentSeal, ReportSeal
from incidents.domain.webhooks import WebhookSeal
from incidents.operations.after_action_reviews import AfterActionReviewOperations
from incidents.operations.attachments import AttachmentOperations
from incidents.operations.handovers import HandoverOperations
from incidents.operations.reports import ReportOperations
from incidents.operations.roll_call import RollCallOperations
from incidents.operations.webhooks import WebhookOperations
from incidents.queries.attachments import AttachmentQueries
from incidents.queries.incidents import IncidentQueries
from incidents.servicer.disclosure import Disclosure
from incidents.settings import Settings

_SUBJECTS = ["ward.incidents.v1.>"]


@dataclass(frozen=True)
class Parts:
    """What several of the service's rooms are made of."""

    database: Database
    # Of connections and plans of its own: for what nobody may wait for.
    urgent: Database
    relay: Relay
    clock: Clock
    ward_code: str
    seal: ReportSeal
    contacts: ContactSeal
    sender: Sender
    feed: Feed
    sources: Sources
    disclosure: Disclosure
    reports: ReportOperations
    roll_calls: RollCallOperations
    reviews: AfterActionReviewOperations
    handovers: HandoverOperations
    webhooks: WebhookOperations
    attachments: AttachmentOperations
    attachment_queries: AttachmentQueries

    @classmethod
    def of(
        cls,
        base: Base,
        settings: Settings,
        urgent: Database,
        register: OccupancyRegister,
        sources: Sources,
    ) -> Self:
        """Make them of what the chassis gives, of the settings, and of who can be asked who is inside."""
        database, relay, clock = base.database, base.relay, base.clock
        ward_code, content = settings.ward_code, content_seal(settings)
        follow_up = read_key(settings.follow_up_key.get_secret_value())
        seal, of_attachments = ReportSeal(content, follow_up), AttachmentSeal(content, follow_up)
        store = attachment_store(base, settings)
        return cls(
            database=database,
            urgent=urgent,
            relay=relay,
            clock=clock,
            ward_code=ward_code,
            seal=seal,
            contacts=ContactSeal(content),
            sender=Sender(
                settings.alert_sender or f"ward-{ward_code}", settings.alert_sender_name
            ),
            feed=Feed(base.broker, base.jetstream, str(EVENTS.name), _SUBJECTS),
            sources=sources,
            disclosure=Disclosure(IncidentQueries(database), register, seal),
            reports=ReportOperations(database, relay, clock, seal, ward_code),
            roll_calls=RollCallOperations(database, relay, clock),
            reviews=AfterActionReviewOperations(database, relay, clock),
            handovers=HandoverOperations(
                database, relay, clock, has_centre=bool(settings.dispatch_target)
            ),
            webhooks=webhook_operations(database, settings, clock),
            attachments=AttachmentOperations(
                database, relay, clock, of_attachments, store, ward_code
            ),
            attachment_queries=AttachmentQueries(database, of_attachments, store),
        )


def content_seal(settings: Settings) -> Seal:
    """Make the seal of what reports say, and of how officers are reached, from the keys."""
    texts = [
        settings.report_encryption_key.get_secret_value(),
        *parts_of(settings.report_encryption_old_keys),
    ]
    return Seal([read_key(text) for text in texts], os.urandom)


def webhook_operations(database: Database, settings: Settings, clock: Clock) -> WebhookOperations:
    """Make what tells webhooks; their secrets are sealed under the keys of reports, each at a place of its own."""
    return WebhookOperations(database, clock, WebhookSeal(content_seal(settings)), os.urandom)


def attachment_store(base: Base, settings: Settings) -> ObjectStore:
    """Make where photos and files lie: the folder that the settings name, or a bucket of the broker for this ward."""
    if settings.attachment_folder is not None:
        return FolderStore(settings.attachment_folder)
    return BucketStore(
        base.jetstream,
        f"ATTACHMENTS_{settings.ward_code}",
        settings.attachment_store_bytes,
        settings.nats_replicas,
    )

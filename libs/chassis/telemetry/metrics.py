"""Every metric of the platform with its meaning; nothing else declares one.

Labels are closed sets (methods, codes, reasons, streams): no device, premises or person is ever a label.
"""

from collections.abc import Iterable
from itertools import product

from prometheus_client import Counter, Gauge, Histogram

_LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

RPC_SECONDS = Histogram(
    "ward_grpc_handling_seconds",
    "Time from a call's arrival to its last answer",
    ["service", "method", "code"],
    buckets=_LATENCY,
)
RPC_IN_FLIGHT = Gauge("ward_grpc_in_flight", "Calls being answered now", ["service", "method"])
ACCESS_RECORDS = Counter(
    "ward_access_records_total", "Accesses to personal data accounted for", ["method", "outcome"]
)
ACCESS_CHAIN_POSITION = Gauge(
    "ward_access_chain_position", "Position of the last record of the chain, as last looked at"
)
ACCESS_WITNESSED_POSITION = Gauge(
    "ward_access_witnessed_position", "Position up to which the chain is witnessed elsewhere"
)
ACCESS_BROKEN_POSITION = Gauge(
    "ward_access_broken_position", "Position from which the chain does not hold; 0 while it does"
)
ACCESS_EXPIRES_TIMESTAMP = Gauge(
    "ward_access_expires_timestamp_seconds",
    "When the oldest record's time to be kept is over; 0 while that is not known",
)
ACCESS_VERIFIED_TIMESTAMP = Gauge(
    "ward_access_verified_timestamp_seconds",
    "When the chain was last verified, or began while it never was; 0 while that is not known",
)
EVENTS_PUBLISHED = Counter(
    "ward_events_published_total", "Events that left the outbox and were acknowledged", ["subject"]
)
EVENT_PUBLISH_FAILURES = Counter(
    "ward_event_publish_failures_total",
    "Tries to publish an event that the broker did not acknowledge",
    ["subject"],
)
EVENT_PUBLISH_SECONDS = Histogram(
    "ward_event_publish_seconds",
    "Time until the broker has acknowledged an event",
    ["subject"],
    buckets=_LATENCY,
)
OUTBOX_PENDING = Gauge("ward_outbox_pending", "Events waiting in the outbox")
OUTBOX_OLDEST_SECONDS = Gauge(
    "ward_outbox_oldest_seconds", "Age of the oldest event waiting in the outbox"
)
OUTBOX_PARKED = Gauge(
    "ward_outbox_parked",
    "Events that the broker refused for good, kept until a person retries them",
)
EVENTS_PARKED = Counter(
    "ward_events_parked_total", "Events parked because the broker refused them", ["subject"]
)
MESSAGES = Counter(
    "ward_messages_total",
    "Messages taken from a stream, by outcome: done, dead_letter, retry; their subject is an event's, or readings",
    ["consumer", "subject", "outcome"],
)
DEAD_LETTERS = Counter(
    "ward_dead_letters_total", "Messages refused for good, by reason", ["consumer", "reason"]
)
CONSUMER_PENDING = Gauge(
    "ward_consumer_pending_messages",
    "Messages of a stream that wait for a consumer, as last taken",
    ["consumer"],
)
MESSAGE_SECONDS = Histogram(
    "ward_message_handling_seconds",
    "Time to handle a message, or some of one subject together",
    ["consumer", "subject"],
    buckets=_LATENCY,
)
READINGS = Counter("ward_readings_total", "Readings, by lane: detector, recorder", ["lane"])
LANE_PENDING = Gauge(
    "ward_lane_pending_messages",
    "Messages of the readings' stream that wait for a lane: detector, recorder",
    ["lane"],
)
READINGS_DUPLICATE = Counter(
    "ward_readings_duplicate_total", "Readings that were stored before and changed nothing"
)
READINGS_SURPLUS = Counter(
    "ward_readings_surplus_total",
    "Readings that were not stored, since their device sends far above any rate",
)
HOURS_ROLLED_UP = Counter(
    "ward_hours_rolled_up_total", "Hours whose figures were computed, again after late readings"
)
PARTITIONS_DROPPED = Counter(
    "ward_partitions_dropped_total",
    "Partitions dropped when their time was over, by table: readings, readings_hourly",
    ["table"],
)
ALARMS_RAISED = Counter("ward_alarms_raised_total", "Alarms raised", ["signal_class", "kind"])
ALARM_SECONDS = Histogram(
    "ward_alarm_durable_seconds",
    "Time from a reading's arrival, at the broker or where it was heard first, to the durable alarm",
    buckets=_LATENCY,
)
ALARMS_OPEN = Gauge("ward_alarms_open", "Alarms that are not reset", ["signal_class"])
ALARMS_UNACKNOWLEDGED = Gauge(
    "ward_alarms_unacknowledged", "Open alarms that no person has seen yet", ["signal_class"]
)
ALARM_WAITING_SECONDS = Gauge(
    "ward_alarm_waiting_seconds",
    "Since when the oldest open alarm waits to be seen by a person; 0 while none does",
    ["signal_class"],
)
PARTITIONS_HELD = Gauge(
    "ward_detector_partitions", "Partitions of the ward's devices that this detector works on"
)
ALARMS_RESET = Counter(
    "ward_alarms_reset_total",
    "Alarms that people reset, by what they turned out to be",
    ["kind", "disposition"],
)
SIGNALS_SUPPRESSED = Counter(
    "ward_signals_suppressed_total",
    "Signals that were recorded only, because their device is tested or disabled",
    ["why", "kind"],
)
MODES_EXPIRED = Counter(
    "ward_device_modes_expired_total", "Tests and disablements that ended by themselves", ["kind"]
)
STORM_ON = Gauge("ward_alarm_storm", "1 while many premises alarm at once")
DEVICES_WATCHED = Gauge("ward_devices_watched", "Devices under supervision")
DEVICES_SILENT = Gauge("ward_devices_silent", "Devices silent for longer than allowed")
CLOCK_OFFSET_SECONDS = Gauge(
    "ward_clock_offset_seconds",
    "How far ahead of this host's the clock of a server is: broker, database",
    ["server"],
)
SIGN_INS = Counter(
    "ward_device_sign_ins_total",
    "Sign-ins of devices, by outcome: granted, the reasons of refusal, unavailable, overflow, too_late, malformed",
    ["outcome"],
)
SIGN_OUTS = Counter(
    "ward_device_sign_outs_total", "Connections of devices ended because their rights had changed"
)
INCIDENTS_OPENED = Counter("ward_incidents_opened_total", "Incidents opened", ["kind"])
INCIDENTS_OPEN = Gauge("ward_incidents_open", "Incidents that have not ended", ["priority"])
INCIDENTS_UNACKNOWLEDGED = Gauge(
    "ward_incidents_unacknowledged", "Incidents that nobody has taken on yet", ["priority"]
)
INCIDENTS_OVERDUE = Gauge(
    "ward_incidents_overdue",
    "Incidents that nobody has taken on within the time of their priority",
    ["priority"],
)
REPORTS_OVERDUE = Gauge(
    "ward_report_deadlines_overdue",
    "Deadlines of reports that are past and not met: to acknowledge, to transfer, to answer",
    ["kind"],
)
_INDICATOR = ["indicator", "part", "period", "basis"]
INDICATOR_NUMERATOR = Gauge(
    "ward_indicator_numerator",
    'What an indicator of the ward\'s plan counts in the present month or year, as a whole (part "") and by its'
    " parts; basis says whether it was measured or entered",
    _INDICATOR,
)
INDICATOR_DENOMINATOR = Gauge(
    "ward_indicator_denominator", "What that is a share of, or is compared with", _INDICATOR
)
INDICATOR_SECONDS = Gauge(
    "ward_indicator_seconds",
    "How long that took, by quantile: 0.5, 0.95",
    [*_INDICATOR, "quantile"],
)
REVIEW_ACTIONS_OPEN = Gauge(
    "ward_review_actions_open", "Actions of after-action reviews that are to be done"
)
REVIEW_ACTIONS_OVERDUE = Gauge(
    "ward_review_actions_overdue", "Actions of after-action reviews whose day is past"
)
DEADLINES_NEAR = Counter(
    "ward_deadlines_due_soon_total",
    "Deadlines of which it was told that they are due soon",
    ["kind"],
)
DEADLINES_BREACHED = Counter(
    "ward_deadlines_breached_total", "Deadlines of which it was told that they are over", ["kind"]
)
ESCALATIONS = Counter("ward_escalations_total", "Escalation steps taken", ["step"])
ESCALATION_DELAY_SECONDS = Histogram(
    "ward_escalation_delay_seconds", "Time from a step's due time to its taking", buckets=_LATENCY
)
WEBHOOK_DELIVERIES = Counter(
    "ward_webhook_deliveries_total",
    "Tries to tell a webhook, by outcome: delivered, retry, dead",
    ["outcome"],
)
NOTIFICATION_ATTEMPTS = Counter(
    "ward_notification_attempts_total",
    "Attempts to reach somebody off the console, by outcome: TAKEN, REFUSED, UNREACHABLE",
    ["channel", "outcome"],
)
LOOKUPS_LIMITED = Counter(
    "ward_lookups_limited_total",
    "Lookups of persons refused because the caller had asked for too much, by pattern",
    ["pattern"],
)
DECOYS_TOUCHED = Counter(
    "ward_decoys_touched_total",
    "Looks at persons who do not exist and whom nobody has a reason to look at",
)
ACCESS_ANOMALIES = Gauge(
    "ward_access_anomalies",
    "What was odd in the ward's present day in how callers look at persons, by rule",
    ["kind"],
)
GLASS_BROKEN = Counter(
    "ward_break_glass_total", "Times that names of occupants were disclosed for an open incident"
)
REVIEWS_PENDING = Gauge(
    "ward_break_glass_reviews_pending", "Emergency accesses that wait for their review"
)
REVIEWS_OVERDUE = Gauge(
    "ward_break_glass_reviews_overdue", "Emergency accesses that should have been reviewed by now"
)
BREACHES_OPEN = Gauge("ward_breaches_open", "Data breaches, suspected ones too, that are not over")
BREACHES_OVERDUE = Gauge(
    "ward_breaches_overdue", "Data breaches that the authority should have been told of by now"
)
DATA_SUBJECT_REQUESTS_OPEN = Gauge(
    "ward_data_subject_requests_open",
    "Requests of data subjects that are to be answered",
    ["kind"],
)
DATA_SUBJECT_REQUESTS_OVERDUE = Gauge(
    "ward_data_subject_requests_overdue",
    "Requests of data subjects that should have been answered by now",
    ["kind"],
)
POPULATION_ANSWERS = Counter(
    "ward_population_answers_total",
    "Answers of the National Population Database: MATCH, MISMATCH, NOT_FOUND, UNAVAILABLE",
    ["verdict"],
)
CASES_OPEN = Gauge(
    "ward_cases_open", "Residence cases that were handed in and not decided", ["kind"]
)
CASES_OVERDUE = Gauge("ward_cases_overdue", "Open residence cases whose due day is past", ["kind"])
CASES_IN_TIME = Gauge(
    "ward_cases_decided_in_time_ratio",
    "Share of this year's decided residence cases that were decided by their due day; NaN without any",
)
CASES_ELECTRONIC = Gauge(
    "ward_cases_electronic_ratio",
    "Share of this year's residence cases that were handed in electronically; NaN without any",
)
ASSISTANCE_REVIEWS_DUE = Gauge(
    "ward_assistance_reviews_due",
    "Needs of assistance that count and whose review day has come",
)
CANARY_ROUNDS = Counter(
    "ward_canary_rounds_total",
    "Signals of the canary, by outcome: seen by an officer's stream, lost",
    ["outcome"],
)
CANARY_SECONDS = Histogram(
    "ward_canary_seconds",
    "Time from the canary's signal to its sight on an officer's stream",
    buckets=_LATENCY,
)
HTTP_SECONDS = Histogram(
    "ward_http_handling_seconds",
    "Time to answer an HTTP request (event streams: until they end)",
    ["route", "method", "status"],
    buckets=_LATENCY,
)
EVENT_STREAMS = Gauge("ward_http_event_streams", "Open server-sent event streams", ["route"])
CERTIFICATE_EXPIRES = Gauge(
    "ward_certificate_expires_timestamp_seconds",
    "When a certificate ends, seconds since 1970, by what it is for: grpc (this process's own), broker (NATS's)",
    ["use"],
)
BACKUP_TIMESTAMP = Gauge(
    "ward_backup_timestamp_seconds",
    "When the newest backup of the ward began, seconds since 1970; 0 where none is known",
)
SERVICE_TOKEN_EXPIRES = Gauge(
    "ward_service_token_expires_timestamp_seconds",
    "When the access token by which this process proves itself ends, seconds since 1970, by what it is for: calls;"
    " 0 for one that cannot be read",
    ["use"],
)
BROKER_ERRORS = Counter(
    "ward_broker_errors_total",
    "Errors of connections to the broker, among them each attempt while it is away",
    ["cause"],
)
READY = Gauge("ward_ready", "1 if the part is ready", ["part"])


def tell_from_the_start(counter: Counter, *values: Iterable[str]) -> None:
    """Have a counter told as 0 for all that its labels can say, label by label: what was never told cannot increase."""
    for told in product(*values):
        counter.labels(*told)

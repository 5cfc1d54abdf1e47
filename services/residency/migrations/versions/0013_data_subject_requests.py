"""Requests of data subjects, the restrictions they bring about, and what is kept whatever is asked.

Revision ID: 0013
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_INSTANT = sa.DateTime(timezone=True)
_SINCE = dt.date(2026, 1, 1)
_DECREE = "Decree 356/2025/ND-CP Art. 5"


def upgrade() -> None:
    """Make the tables and enter the terms."""
    _requests()
    _history()
    _restrictions()
    _rules()
    _limits()


def _requests() -> None:
    op.create_table(
        "data_subject_requests",
        sa.Column("request_uuid", sa.Uuid, primary_key=True),
        sa.Column("request_number", sa.Text, nullable=False, unique=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("through_processor", sa.Boolean, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id")),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("received_by", sa.Text, nullable=False),
        sa.Column("acknowledge_by", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("extension_days", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("acknowledged_at", _INSTANT),
        sa.Column("verified_by", sa.Text, nullable=False),
        sa.Column("verified_at", _INSTANT),
        sa.Column("extended", sa.Boolean, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", _INSTANT),
        sa.Column("refusal_ground", sa.Text),
        sa.CheckConstraint(
            "kind in ('VIEW', 'CORRECT', 'RESTRICT', 'OBJECT', 'WITHDRAW_CONSENT', 'DELETE')",
            name="data_subject_requests_kind",
        ),
        sa.CheckConstraint(
            "state in ('RECEIVED', 'VERIFIED', 'ANSWERED', 'REFUSED', 'WITHDRAWN')",
            name="data_subject_requests_state",
        ),
        sa.CheckConstraint(
            "(state in ('ANSWERED', 'REFUSED')) = (decided_at is not null)",
            name="data_subject_requests_decided",
        ),
        sa.CheckConstraint(
            "(state = 'REFUSED') = (refusal_ground is not null)",
            name="data_subject_requests_refused",
        ),
        sa.CheckConstraint(
            "state not in ('VERIFIED', 'ANSWERED') or verified_at is not null",
            name="data_subject_requests_verified",
        ),
        sa.CheckConstraint(
            "kind not in ('RESTRICT', 'DELETE') or state <> 'ANSWERED'"
            " or decided_by not in (received_by, verified_by)",
            name="data_subject_requests_second_person",
        ),
        sa.Index("data_subject_requests_oldest", "received_at", "request_uuid"),
        sa.Index(
            "data_subject_requests_due",
            "due_on",
            postgresql_where=sa.text("decided_at is null"),
        ),
    )
    op.execute("revoke delete on data_subject_requests from residency_app")


def _history() -> None:
    op.create_table(
        "data_subject_request_history",
        sa.Column("entry_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column(
            "request_uuid",
            sa.Uuid,
            sa.ForeignKey("data_subject_requests.request_uuid"),
            nullable=False,
        ),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("note_sealed", sa.LargeBinary),
        sa.Index("data_subject_request_history_of_request", "request_uuid", "entry_id"),
    )
    # Notes are sealed anew when the key changes; nothing else of an entry is, not even by the owner.
    op.execute("revoke update, delete on data_subject_request_history from residency_app")
    op.execute("grant update (note_sealed) on data_subject_request_history to residency_app")
    op.execute(
        """
        create trigger data_subject_request_history_append_only
        before delete or truncate or update of entry_id, request_uuid, at, act, account
        on data_subject_request_history for each statement execute function refuse_change()
        """
    )


def _restrictions() -> None:
    op.create_table(
        "restrictions",
        sa.Column(
            "request_uuid",
            sa.Uuid,
            sa.ForeignKey("data_subject_requests.request_uuid"),
            primary_key=True,
        ),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), nullable=False),
        sa.Column("restricted_at", _INSTANT, nullable=False),
        sa.Column("lifted_at", _INSTANT),
        sa.Column("lifted_by", sa.Text),
        sa.CheckConstraint(
            "(lifted_at is null) = (lifted_by is null)", name="restrictions_lifted"
        ),
        sa.Index(
            "restrictions_standing", "person_id", postgresql_where=sa.text("lifted_at is null")
        ),
    )
    op.execute("revoke update, delete on restrictions from residency_app")
    op.execute("grant update (lifted_at, lifted_by) on restrictions to residency_app")


def _rules() -> None:
    despite = op.create_table(
        "restriction_rules",
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("disclosed", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    rows = [
        ("RESIDENCE_CASE", True, "Law 68/2020/QH14: the authority keeps the register [own]"),
        ("FIRE_RESCUE", True, "Law 91/2025/QH15 Art. 19: life and health in an emergency"),
        ("DATA_SUBJECT_REQUEST", True, "Law 91/2025/QH15 Art. 4: the person asks"),
        ("PUBLIC_SERVICE", False, "Law 91/2025/QH15 Art. 4: restriction of processing [own]"),
    ]
    op.bulk_insert(
        despite,
        [
            {
                "purpose": purpose,
                "effective_from": _SINCE,
                "disclosed": disclosed,
                "source": source,
            }
            for purpose, disclosed, source in rows
        ],
    )
    retention = op.create_table(
        "retention_rules",
        sa.Column("data_class", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("kept", sa.Boolean, nullable=False),
        sa.Column("name_vi", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    kept = [
        ("IDENTITY", True, "thông tin nhân thân", "Luật Cư trú 68/2020/QH14 [own]"),
        ("RESIDENCE", True, "thông tin đăng ký cư trú", "Luật Cư trú 68/2020/QH14 [own]"),
        ("CASE_FILE", True, "hồ sơ đã giải quyết", "pháp luật về lưu trữ [own, ?]"),
        ("ACCESS_RECORD", True, "nhật ký truy cập", "Nghị định 53/2022/NĐ-CP [own, ?]"),
        ("CONTACT", False, "số điện thoại, thư điện tử", "không có quy định phải lưu giữ [own]"),
    ]
    names = ("data_class", "kept", "name_vi", "source")
    op.bulk_insert(
        retention,
        [{"effective_from": _SINCE, **dict(zip(names, row, strict=True))} for row in kept],
    )
    op.execute(
        "revoke insert, update, delete on restriction_rules, retention_rules from residency_app"
    )


def _limits() -> None:
    limits = sa.table(
        "legal_limits",
        *(sa.column(name) for name in ("rule", "effective_from", "value", "unit", "source")),
    )
    # Kind, days, days with a processor, days of an extension.
    terms = [
        ("view", 10, 15, 10),
        ("correct", 10, 15, 10),
        ("restrict", 15, 20, 15),
        ("object", 15, 20, 15),
        ("withdraw_consent", 15, 20, 15),
        ("delete", 20, 30, 20),
    ]
    rows = [("request_acknowledgement", 2, "working_days", _DECREE)]
    for kind, days, with_processor, extension in terms:
        rows += [
            (f"request_term_{kind}", days, "days", _DECREE),
            (f"request_term_{kind}_processor", with_processor, "days", _DECREE),
            (f"request_extension_{kind}", extension, "days", f"{_DECREE}, once"),
        ]
    rows.append(
        (
            "request_due_soon",
            3,
            "days",
            "[own] no legal rule: listed as due soon so many days ahead",
        )
    )
    op.bulk_insert(
        limits,
        [
            {
                "rule": rule,
                "effective_from": _SINCE,
                "value": value,
                "unit": unit,
                "source": source,
            }
            for rule, value, unit, source in rows
        ],
    )

"""What keeps the account in the database, as the services' migrations make it: format 1, never edited.

The service's role can read the records and call `append_access_records`, nothing else: it cannot insert, change or
remove a record, nor choose its position or hash. Appending takes one lock until the commit, so that the order of the
chain is that of the commits, whichever replica appends. Owners' attempts are refused by triggers; only what a
checkpoint covers can be deleted, and a checkpoint stays.
"""

from collections.abc import Iterator

# Rows that were there before the chain become its beginning: columns first empty, filled, then required.
_COLUMNS = """
    alter table access_records
        add column position bigint,
        add column format smallint,
        add column previous_hash bytea,
        add column hash bytea,
        add column actor text not null default '',
        add column legal_basis text not null default '',
        add column fields text[] not null default '{}',
        add column ward_code text not null default ''
"""

_REQUIRED = """
    alter table access_records
        alter column position set not null,
        alter column format set not null,
        alter column previous_hash set not null,
        alter column hash set not null,
        alter column actor drop default,
        alter column legal_basis drop default,
        alter column fields drop default,
        alter column ward_code drop default,
        add constraint access_records_one_per_position unique (position)
"""

_ENTRY = """
    create type access_entry as (
        record_id uuid, recorded_at timestamptz, account text, actor text, roles text[], method text,
        purpose text, legal_basis text, reference text, subject text, fields text[], outcome text,
        request_id text, ward_code text, digest bytea
    )
"""

# The last hash is read after the lock was taken, by a statement of its own: it sees what others have committed.
_APPEND = r"""
    create function append_access_records(entries access_entry[]) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
        last bigint;
        previous bytea;
        entry public.access_entry;
        before bytea[] := '{}';
        hashes bytea[] := '{}';
    begin
        perform pg_advisory_xact_lock(hashtext('access chain'));
        select r.position, r.hash into last, previous from public.access_records r
         order by r.position desc limit 1;
        if not found then
            select c.position, c.hash into strict last, previous from public.access_checkpoints c
             order by c.position desc limit 1;
        end if;
        foreach entry in array entries loop
            before := before || previous;
            previous := sha256(
                '\x01'::bytea || int8send(last + cardinality(before)) || previous || entry.digest
            );
            hashes := hashes || previous;
        end loop;
        insert into public.access_records (
            position, format, previous_hash, hash, record_id, recorded_at, account, actor, roles,
            method, purpose, legal_basis, reference, subject, fields, outcome, request_id, ward_code
        )
        select last + n, 1, earlier, own, record_id, recorded_at, account, actor, roles,
            method, purpose, legal_basis, reference, subject, fields, outcome, request_id, ward_code
          from rows from (unnest(entries), unnest(before), unnest(hashes)) with ordinality as e (
            record_id, recorded_at, account, actor, roles, method, purpose, legal_basis, reference,
            subject, fields, outcome, request_id, ward_code, digest, earlier, own, n
          );
        return last + cardinality(entries);
    end $$
"""

# The plan for the last record is kept by each session: one made while there are few records reads them all, for each
# look anew, however many there are by then. By the index it costs the same on any table.
HEAD_BY_INDEX = "alter function append_access_records(access_entry[]) set enable_seqscan = off"

# Half as large as the index by the texts themselves, which took half of what appending a record takes. While it waits
# for somebody who reads the whole account, nobody can append: so it waits a second at a time, for ten minutes in all.
SUBJECTS_BY_HASH = """
    do $$
    begin
        set local lock_timeout = '1s';
        for attempt in 1 .. 100 loop
            begin
                drop index access_records_by_subject;
                create index access_records_by_subject
                    on access_records (hashtextextended(subject, 0), position);
                return;
            exception when lock_not_available then
                perform pg_sleep(5);
            end;
        end loop;
        raise exception 'access_records is being read (audit verify, audit export): upgrade again behind that'
            using errcode = 'lock_not_available';
    end $$
"""

# Where the chain begins: START at position 0, later the last record that was removed because its time was over.
_CHECKPOINTS = """
    create table access_checkpoints (
        position bigint primary key,
        hash bytea not null,
        made_at timestamptz not null,
        reason text not null
    )
"""
_START = """
    insert into access_checkpoints
    values (0, sha256('ward access chain 1'), now(), 'beginning of the chain')
"""

# What is known of the chain: where it was witnessed and up to where it was verified.
_MARKS = """
    create table access_marks (
        mark_id bigint generated always as identity primary key,
        kind text not null constraint access_marks_kind check (kind in ('WITNESSED', 'VERIFIED')),
        position bigint not null,
        hash bytea not null,
        marked_at timestamptz not null
    )
"""

# Later also where it was found not to hold; `hash` is empty then.
MARK_BROKEN = """
    alter table access_marks
        drop constraint access_marks_kind,
        add constraint access_marks_kind check (kind in ('WITNESSED', 'VERIFIED', 'BROKEN'))
"""

_REFUSE_VERIFIED = """
    create function refuse_own_verification() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
    begin
        if not pg_has_role(
            current_user, (select c.relowner from pg_class c where c.oid = tg_relid), 'usage'
        ) then
            raise exception 'permission denied: only the owner says that the chain holds'
                using errcode = 'insufficient_privilege';
        end if;
        return new;
    end $$
"""
_VERIFIED_BY_OWNER = """
    create trigger access_marks_verified_by_owner before insert on access_marks
    for each row when (new.kind = 'VERIFIED') execute function refuse_own_verification()
"""

# Who has taken the service over must not be able to say that what was found broken holds.
VERIFIED_BY_OWNER = (_REFUSE_VERIFIED, _VERIFIED_BY_OWNER)

# The content of format 1 once more, in the database's own words, for the rows that were there before.
_CHAIN_EARLIER = r"""
    do $$
    declare
        one record;
        at bigint := 0;
        previous bytea := sha256('ward access chain 1');
        own bytea;
    begin
        for one in select * from access_records order by recorded_at, record_id loop
            at := at + 1;
            own := sha256('\x01'::bytea || int8send(at) || previous || sha256(
                convert_to(E'ward access record 1\n\n', 'UTF8') || uuid_send(one.record_id)
                || int8send((extract(epoch from one.recorded_at) * 1000000)::bigint)
                || (select string_agg(int4send(octet_length(convert_to(t, 'UTF8'))) || convert_to(t, 'UTF8'), ''
                        order by n)
                      from unnest(array[one.account, '', one.method, one.purpose, '', one.reference,
                        one.subject, one.outcome, one.request_id, '']) with ordinality as texts (t, n))
                || int4send(cardinality(one.roles))
                || coalesce((select string_agg(
                        int4send(octet_length(convert_to(t, 'UTF8'))) || convert_to(t, 'UTF8'), '' order by n)
                      from unnest(one.roles) with ordinality as roles (t, n)), '')
                || int4send(0)
            ));
            update access_records set position = at, format = 1, previous_hash = previous, hash = own
             where record_id = one.record_id;
            previous := own;
        end loop;
    end $$
"""

_REFUSE = """
    create function refuse_access_change() returns trigger language plpgsql as $$
    begin
        raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
    end $$
"""
_REFUSE_DELETE = """
    create function refuse_access_delete() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
    begin
        if (select max(c.position) from public.access_checkpoints c)
            < coalesce((select max(r.position) from removed r), 9223372036854775807)
        then
            raise exception 'access_records is append-only' using errcode = 'insufficient_privilege';
        end if;
        return null;
    end $$
"""


def statements(app_role: str, before: str = "") -> Iterator[str]:
    """Give the statements that turn a table of access records into a chain that `app_role` can append to.

    `before` is the trigger that kept the table append-only until now.
    """
    if before:
        yield f"drop trigger {before} on access_records"
    yield from (_COLUMNS, _CHAIN_EARLIER, _REQUIRED, _ENTRY, _CHECKPOINTS, _START, _MARKS)
    # Whom the chain is asked about: a person's pseudonym.
    yield "create index access_records_by_subject on access_records (subject, position)"
    yield from (_APPEND, _REFUSE, _REFUSE_DELETE)
    yield from triggers()
    yield from rights(app_role)


def triggers() -> Iterator[str]:
    """Give the statements that refuse changes to everybody, the owner too."""
    for table, actions in (
        ("access_records", "update or truncate"),
        ("access_checkpoints", "update or delete or truncate"),
        ("access_marks", "update or delete or truncate"),
    ):
        yield (
            f"create trigger {table}_append_only before {actions} on {table}"
            " for each statement execute function refuse_access_change()"
        )
    yield (
        "create trigger access_records_kept after delete on access_records"
        " referencing old table as removed for each statement execute function refuse_access_delete()"
    )


def rights(app_role: str) -> Iterator[str]:
    """Give the statements that leave the service's role nothing but reading and appending."""
    yield (f"revoke insert, update, delete on access_records, access_checkpoints from {app_role}")
    yield f"revoke update, delete on access_marks from {app_role}"
    yield "revoke all on function append_access_records(access_entry[]) from public"
    yield f"grant execute on function append_access_records(access_entry[]) to {app_role}"

"""Who was indexed anew with Ð or Ɖ for Đ may be on the register under the other letter too.

Revision ID: 0033
"""

from alembic import op

revision = "0033"
down_revision = "0032"

# As a search compares namesakes (decision 31); number alone was compared when each was entered.
_NAMESAKES = """
    with alike as (
        select
            least(one.person_id, other.person_id) as first_id,
            greatest(one.person_id, other.person_id) as second_id,
            one.birth_year = other.birth_year and one.sex = other.sex
                and coalesce(one.birth_month = other.birth_month, true)
                and coalesce(one.birth_day = other.birth_day, true) as birth,
            coalesce(one_near.one_digit && other_near.one_digit, false) as one_digit,
            coalesce(one_near.transposed && other_near.transposed, false) as transposed
        from persons one
        join person_index one_name on one_name.person_id = one.person_id
        join person_index other_name on other_name.plain = one_name.plain
        join persons other on other.person_id = other_name.person_id
        left join number_nearness one_near on one_near.person_id = one.person_id
        left join number_nearness other_near on other_near.person_id = other.person_id
        where one.full_name ~ '[ÐðƉɖ]' and one.person_id <> other.person_id
            and not exists (select from decoys where person_id in (one.person_id, other.person_id))
    )
    insert into duplicate_candidates (
        candidate_id, first_id, second_id, reasons, found_at, found_by, occasion, state, proposed_by
    )
    select distinct on (first_id, second_id)
        gen_random_uuid(), first_id, second_id,
        array_remove(array[
            case when birth then 'SAME_NAME_AND_BIRTH' end,
            case when one_digit then 'NUMBER_ONE_DIGIT' end,
            case when transposed then 'NUMBER_TRANSPOSED' end
        ], null),
        now(), '', 'SEARCH', 'OPEN', ''
    from alike
    where birth or one_digit or transposed
    order by first_id, second_id
    on conflict do nothing
"""


def upgrade() -> None:
    """Enter them as candidates; pairs that are known stay what they are."""
    op.execute(_NAMESAKES)

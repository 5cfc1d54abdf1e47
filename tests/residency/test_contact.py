"""How telephone numbers, e-mail addresses and passports are read and shown."""

import pytest

from residency.domain.persons.contact import EmailAddress, PassportNumber, PhoneNumber


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0912 345 678", "+84912345678"),
        ("(0220) 38.4567", "+84220384567"),
        ("+84-912-345-678", "+84912345678"),
        ("+1 (202) 555-0100", "+12025550100"),
    ],
)
def test_a_telephone_number_is_read_as_e_164_writes_it(written: str, read: str) -> None:
    """National numbers have 0 and nine digits more."""
    assert PhoneNumber.parse(written).text == read


@pytest.mark.parametrize(
    "written",
    ["", "912345678", "00 84 912345678", "+0912345678", "0912 345 67x", "\uff10912345678"],
)
def test_what_is_no_telephone_number_is_refused(written: str) -> None:
    """Digits of other scripts too."""
    with pytest.raises(ValueError, match="telephone"):
        PhoneNumber.parse(written)


@pytest.mark.parametrize(
    "written", ["", "a@b", "a b@example.vn", "a@@example.vn", f"{'a' * 65}@example.vn"]
)
def test_what_is_no_address_is_refused(written: str) -> None:
    """An address has a name, one @ and a domain."""
    with pytest.raises(ValueError, match="e-mail"):
        EmailAddress.parse(written)


@pytest.mark.parametrize("written", ["", "AB12", "AB-123456", "A" * 16])
def test_what_is_no_passport_number_is_refused(written: str) -> None:
    """Five to fifteen letters and digits."""
    with pytest.raises(ValueError, match="passport"):
        PassportNumber.parse("FRA", written)


def test_none_of_them_is_printed() -> None:
    """Logs and tracebacks show a mask."""
    shown = repr(
        [
            PhoneNumber.parse("0912345678"),
            EmailAddress.parse("gia.dinh@example.vn"),
            PassportNumber.parse("FRA", "99xy 12345"),
        ]
    )

    assert shown == "[+84•••78, •••@example.vn, FRA•••]"

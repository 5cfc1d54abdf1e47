"""The keys of identification numbers are checked when the service starts."""

import base64

import pytest

from chassis.settings import read_settings
from residency.settings import Settings

KEY, INDEX_KEY, PSEUDONYM_KEY, OLD_KEY = (
    base64.b64encode(part * 32).decode() for part in (b"a", b"b", b"c", b"d")
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set what a good start needs."""
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://127.0.0.1/nothing")
    monkeypatch.setenv("ID_ENCRYPTION_KEY", KEY)
    monkeypatch.setenv("ID_INDEX_KEY", INDEX_KEY)
    monkeypatch.setenv("PSEUDONYM_KEY", PSEUDONYM_KEY)
    return monkeypatch


def test_keys_of_32_bytes_are_accepted() -> None:
    """And not shown when the settings are printed."""
    settings = read_settings(Settings)

    assert settings.encryption_keys == [b"a" * 32]
    assert KEY not in repr(settings)


def test_old_keys_still_open(environment: pytest.MonkeyPatch) -> None:
    """Separated by commas; the new key is the first."""
    environment.setenv("ID_ENCRYPTION_OLD_KEYS", f"{OLD_KEY}, ")

    assert read_settings(Settings).encryption_keys == [b"a" * 32, b"d" * 32]


def test_a_malformed_key_ends_the_start_in_words(environment: pytest.MonkeyPatch) -> None:
    """It names the setting and what is needed, and shows no part of the key."""
    environment.setenv("ID_ENCRYPTION_KEY", "c2hvcnQ=")
    with pytest.raises(SystemExit) as ended:
        read_settings(Settings)

    assert "ID_ENCRYPTION_KEY: Value error, 32 bytes in base64 are needed" in str(ended.value)
    assert "c2hvcnQ" not in str(ended.value)


@pytest.mark.parametrize("name", ["ID_INDEX_KEY", "PSEUDONYM_KEY", "ID_ENCRYPTION_OLD_KEYS"])
def test_one_key_for_two_uses_is_refused(environment: pytest.MonkeyPatch, name: str) -> None:
    """Who may look numbers up must not be able to decrypt them."""
    environment.setenv(name, KEY)
    with pytest.raises(SystemExit, match="no two of the keys may be the same"):
        read_settings(Settings)


def test_a_malformed_old_key_ends_the_start_in_words(environment: pytest.MonkeyPatch) -> None:
    """As any other."""
    environment.setenv("ID_ENCRYPTION_OLD_KEYS", f"{OLD_KEY},c2hvcnQ=")
    with pytest.raises(SystemExit, match="ID_ENCRYPTION_OLD_KEYS: Value error, 32 bytes"):
        read_settings(Settings)


def test_somebody_must_act_for_an_officer_in_an_emergency(
    environment: pytest.MonkeyPatch,
) -> None:
    """With nobody named, nobody who acts would do, and names would be told without the incidents service."""
    environment.setenv("INCIDENTS_ACCOUNT", "")
    with pytest.raises(SystemExit, match="INCIDENTS_ACCOUNT"):
        read_settings(Settings)


def test_the_population_database_is_asked_over_tls(environment: pytest.MonkeyPatch) -> None:
    """Numbers and names leave the machine in clear for no target but a simulator that is named as one."""
    environment.setenv("POPULATION_TARGET", "127.0.0.1:50051")
    assert read_settings(Settings).population_certificates.authority is None
    environment.setenv("POPULATION_TARGET", "population.example:50051")
    with pytest.raises(SystemExit, match="POPULATION_AUTHORITY_FILE"):
        read_settings(Settings)
    environment.setenv("POPULATION_SIMULATOR", "population.example:50051")
    assert read_settings(Settings).population_target == "population.example:50051"
    environment.delenv("POPULATION_SIMULATOR")
    environment.setenv("POPULATION_AUTHORITY_FILE", "/etc/ward/population.pem")
    assert read_settings(Settings).population_certificates.authority is not None
    environment.setenv("POPULATION_KEY_FILE", "/etc/ward/key.pem")
    with pytest.raises(SystemExit, match="go together"):
        read_settings(Settings)

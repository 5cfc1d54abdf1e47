"""What the service reads from the environment, once."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from chassis.rpc.certificates import CertificateFiles
from chassis.sealing import read_key
from chassis.settings import Key, Keys, ServiceSettings, parts_of


class Settings(ServiceSettings):
    """Settings of residency; each names its environment variable in upper case."""

    # Who may ask for names in an emergency, for an officer (claim `act` of the token). Not empty: nobody acts for an
    # officer who asks alone.
    incidents_account: str = Field(default="incidents", min_length=1)
    # 32 bytes in base64 each. The first encrypts what is stored sealed (AES-256-GCM), the second makes the blind index
    # (HMAC-SHA-256) by which a number is found without being stored in the clear, the third the pseudonyms by which
    # callers name persons (AES-SIV).
    id_encryption_key: Key
    id_index_key: Key
    pseudonym_key: Key
    # Keys of before, separated by commas: what they sealed still opens, until `keys rotate` has sealed it anew.
    id_encryption_old_keys: Keys = SecretStr("")
    # host:port of the National Population Database's adapter; without it what is asked waits.
    population_target: str = ""
    # Certificates (PEM) to trust it by, and the own certificate chain with its key that it asks for. Numbers and names
    # leave the machine over TLS only.
    population_authority_file: Path | None = None
    population_certificate_file: Path | None = None
    population_key_file: Path | None = None
    # host:port of a simulator, which knows nobody real and may be asked in clear.
    population_simulator: str = ""

    @property
    def encryption_keys(self) -> list[bytes]:
        """Give the keys that open what is sealed; the first one seals."""
        return [read_key(key) for key in self._encryption_keys]

    @property
    def population_certificates(self) -> CertificateFiles:
        """Name the files by which the population database is asked."""
        return CertificateFiles(
            self.population_authority_file,
            self.population_certificate_file,
            self.population_key_file,
        )

    @property
    def _encryption_keys(self) -> list[str]:
        return [self.id_encryption_key.get_secret_value(), *parts_of(self.id_encryption_old_keys)]

    @model_validator(mode="after")
    def _different_keys(self) -> Self:
        others = [self.id_index_key.get_secret_value(), self.pseudonym_key.get_secret_value()]
        keys = [*self._encryption_keys, *others]
        if len(set(keys)) != len(keys):
            raise ValueError("no two of the keys may be the same")
        return self

    @model_validator(mode="after")
    def _population_over_tls(self) -> Self:
        if (self.population_certificate_file is None) != (self.population_key_file is None):
            raise ValueError("POPULATION_CERTIFICATE_FILE and POPULATION_KEY_FILE go together")
        target = self.population_target
        in_clear = _stays_here(target) or target == self.population_simulator
        if not (self.population_authority_file or in_clear):
            raise ValueError("POPULATION_TARGET needs POPULATION_AUTHORITY_FILE")
        return self


def _stays_here(target: str) -> bool:
    """Tell whether what is sent to a target, host:port, stays on this machine; to none nothing is sent."""
    return target.rpartition(":")[0] in {"", "localhost", "127.0.0.1", "[::1]"}

"""What the service reads from the environment, once."""

from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from chassis.settings import ServiceSettings
from residency.domain.sealing import read_key


def _checked(key: SecretStr) -> SecretStr:
    read_key(key.get_secret_value())
    return key


Key = Annotated[SecretStr, AfterValidator(_checked)]


class Settings(ServiceSettings):
    """Settings of residency; each names its environment variable in upper case."""

    # 32 bytes in base64 each. The first encrypts identification numbers (AES-256-GCM), the second makes their
    # blind index (HMAC-SHA-256), by which a number is found without being stored in the clear.
    id_encryption_key: Key
    id_index_key: Key

    @model_validator(mode="after")
    def _two_keys(self) -> Self:
        if self.id_encryption_key == self.id_index_key:
            raise ValueError("id_encryption_key and id_index_key must be two keys")
        return self

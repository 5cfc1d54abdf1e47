"""What the service reads from the environment, once."""

from pydantic import SecretStr

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of residency; each names its environment variable in upper case."""

    # 32 bytes in base64 each. The first encrypts identification numbers (AES-256-GCM), the second makes their
    # blind index (HMAC-SHA-256), by which a number is found without being stored in the clear.
    id_encryption_key: SecretStr
    id_index_key: SecretStr

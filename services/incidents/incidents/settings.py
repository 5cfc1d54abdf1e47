"""What the service reads from the environment, once."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from chassis.settings import Key, Keys, ServiceSettings, parts_of
from chassis.storage import object_store


class Settings(ServiceSettings):
    """Settings of incidents; each names its environment variable in upper case."""

    # host:port of residency, and the file with this service's own access token, which is read anew whenever it is
    # needed. Without both there are no names of occupants; nothing else needs them.
    residency_target: str = ""
    service_token_file: Path | None = None
    # JSON file with the gateways of messages and their secrets, read anew at each use; without it nobody is reached off
    # the console. And the console's address, for links.
    notification_gateways_file: Path | None = None
    console_url: str = ""
    # 32 bytes in base64 each. The first encrypts what reports say and how officers are reached (AES-256-GCM), the
    # second makes the tokens by which whoever reported follows it (HMAC-SHA-256).
    report_encryption_key: Key
    follow_up_key: Key
    # Keys of before, separated by commas: what they sealed still opens until it expires.
    report_encryption_old_keys: Keys = SecretStr("")

    # Who warns the public: an identifier that no other sender has (CAP 1.2 `sender`, such as a domain name; empty is
    # `ward-` and the ward's code), and a name for people.
    alert_sender: str = Field(default="", pattern=r"^[^\s,<&]*$")
    alert_sender_name: str = "Phường số an toàn"

    # host:port of the city's dispatch centre (114); without it nothing can be handed over by the platform.
    dispatch_target: str = ""
    # Whether webhooks may lead to addresses that are not public, and without TLS: for receivers in the ward's own net.
    webhook_private_addresses: bool = False

    # Folder of photos and files, which all instances share; without it they lie in an object store of the broker, of at
    # most so many bytes.
    attachment_folder: Path | None = None
    attachment_store_bytes: int = Field(default=object_store.MOST_BYTES, ge=2**20)

    @model_validator(mode="after")
    def _different_keys(self) -> Self:
        keys = [key.get_secret_value() for key in (self.report_encryption_key, self.follow_up_key)]
        keys += parts_of(self.report_encryption_old_keys)
        if len(set(keys)) != len(keys):
            raise ValueError("no two of the keys may be the same")
        return self

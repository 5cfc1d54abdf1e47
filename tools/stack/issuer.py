"""The token issuer of this machine, for development: real signatures, demonstration accounts."""

import json
import secrets
from enum import StrEnum
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from stack.secret_store import write_private

AUDIENCE = "safe-digital-ward"
WARD_CODE = "11002"
ALGORITHM = "ES256"
LIFETIME_SECONDS = 12 * 3600
# Of a service's own token, which is minted anew at every start.
SERVICE_LIFETIME_SECONDS = 90 * 24 * 3600


class Role(StrEnum):
    """The roles of the ward, as tokens name them (proto ward.options.v1.Role)."""

    WARD_EXECUTIVE = "ward_executive"
    RESIDENCE_OFFICER = "residence_officer"
    DUTY_OFFICER = "duty_officer"
    FIRE_OFFICER = "fire_officer"
    GROUP_HEAD = "group_head"
    RESPONDER = "responder"
    PREMISES_MANAGER = "premises_manager"
    PARTNER_ORG = "partner_org"
    CITY_POLICE_LIAISON = "city_police_liaison"
    CITIZEN = "citizen"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


class Issuer:
    """Mints tokens with a key pair made at first use: private key 0600, public key set beside it.

    `address` is the `iss` of its tokens: where the gateway serves the discovery document.
    """

    def __init__(self, directory: Path, address: str) -> None:
        self.address = address
        self.jwks_file = directory / "jwks.json"
        self._private_file = directory / "private.json"

    @property
    def jwks_url(self) -> str:
        """The file:// address of the public key set."""
        return self.jwks_file.absolute().as_uri()

    def prepare(self) -> None:
        """Make the key pair unless it is there, and write the public key set."""
        if not self._private_file.exists():
            self._private_file.parent.mkdir(parents=True, exist_ok=True)
            key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
            write_private(self._private_file, json.dumps(key.as_dict(private=True)))
        self.jwks_file.write_text(json.dumps({"keys": [self._key().as_dict(private=False)]}))

    def token(
        self,
        role: Role,
        now: float,
        actor: str = "",
        *,
        account: str = "",
        assurance_level: int = 2,
        personal_id_number: str = "",
        lifetime_s: int = LIFETIME_SECONDS,
    ) -> str:
        """Return a token of the role's demonstration account, or another, valid from `now` for twelve hours or so long.

        `now` is in seconds since 1970; `actor` is the account that acts for it (RFC 8693), if another does;
        `assurance_level` is that of the electronic identity, 1 or 2, and `personal_id_number` whose it is, of citizens.
        """
        key = self._key()
        claims = {
            "iss": self.address,
            "aud": AUDIENCE,
            "sub": account or f"demo-{role.replace('_', '-')}",
            "roles": [str(role)],
            "assurance_level": assurance_level,
            "ward": WARD_CODE,
            "iat": int(now),
            "exp": int(now) + lifetime_s,
            "jti": secrets.token_urlsafe(12),
            **({"act": {"sub": actor}} if actor else {}),
            **({"personal_id_number": personal_id_number} if personal_id_number else {}),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key)

    def write_service_token(self, file: Path, account: str, now: float) -> None:
        """Write a service's own token to a file that only this user reads."""
        token = self.token(Role.SERVICE, now, account=account, lifetime_s=SERVICE_LIFETIME_SECONDS)
        write_private(file, token)

    def _key(self) -> ECKey:
        return ECKey.import_key(json.loads(self._private_file.read_text()))

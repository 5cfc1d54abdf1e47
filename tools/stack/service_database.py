"""The database of one service: who owns it, who may use it, and that nobody else may."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

SCRAM_ITERATIONS = 4096
SALT_BYTES = 16

# psql quotes :"name" as an identifier and :'name' as a text; \gexec runs each row it is given.
CREATE = r"""
\set ON_ERROR_STOP on
SELECT format('CREATE ROLE %I', role) FROM unnest(ARRAY[:'owner', :'app']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_verifier';
ALTER ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app_verifier';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database", postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";
\connect :"database"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT EXECUTE ON FUNCTIONS TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
  GRANT USAGE ON SEQUENCES TO :"app";
"""


@dataclass(frozen=True)
class ServiceDatabase:
    """The names in one service's database: its owner migrates it, its app role works in it."""

    name: str

    @property
    def owner(self) -> str:
        """The role that owns the database and everything made by migrations."""
        return f"{self.name}_owner"

    @property
    def app(self) -> str:
        """The limited role the running service signs in as."""
        return f"{self.name}_app"

    def script(self, owner_password: str, app_password: str) -> str:
        """Return the psql script that makes the database; running it again changes nothing."""
        names = {"database": self.name, "owner": self.owner, "app": self.app}
        verifiers = {
            "owner_verifier": scram_verifier(owner_password),
            "app_verifier": scram_verifier(app_password),
        }
        variables = (f"\\set {key} '{text}'" for key, text in (names | verifiers).items())
        return "\n".join([*variables, CREATE])


def scram_verifier(password: str) -> str:
    """Return what PostgreSQL stores for an ASCII password, so that the password stays here."""
    salt = secrets.token_bytes(SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    salt64, stored64, server64 = (
        base64.b64encode(part).decode() for part in (salt, stored_key, server_key)
    )
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt64}${stored64}:{server64}"

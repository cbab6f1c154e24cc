"""Addresses of MLflow stores, looked at before anybody is asked there."""

from urllib.parse import urlsplit

from facetrack.core.errors import UserError
from facetrack.system.masking import mask

SERVER = ("http://", "https://")
NOWHERE = "none"
"""The URI of tracking=none."""
_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql")
_EXPECTED = (
    "expected http://HOST:PORT for a server, or sqlite:///FILE or postgresql://… for a database"
)


def refuse_malformed(uri: str) -> None:
    """Raises UserError for what cannot be the address of a store."""
    scheme, mark, rest = uri.partition("://")
    if not mark:
        host, colon, port = uri.rpartition(":")
        if colon and port.split("/")[0].isdecimal() and not host.endswith("/"):
            raise UserError(f"tracking.uri={mask(uri)} names no protocol: say http://{uri}")
        raise UserError(f"tracking.uri={mask(uri)} is no address of a store: {_EXPECTED}")
    if scheme == "file":
        raise UserError(
            f"the MLflow store {mask(uri)} is a folder, in which MLflow keeps no runs any more: "
            "add tracking.uri=sqlite:///mlflow.db for a database beside it, into which `mlflow "
            "migrate-filestore` takes old runs along"
        )
    if scheme.partition("+")[0] not in _SCHEMES:
        raise UserError(
            f"tracking.uri={mask(uri)} begins with {scheme}://, where facetrack keeps no runs: "
            f"{_EXPECTED}"
        )
    if uri.startswith(SERVER):
        try:
            parts = urlsplit(uri)
            sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
            (parts.hostname or "").encode("idna")
        except ValueError:  # a port that is no number, or half an address in brackets
            sound = False
        if not sound or any(letter.isspace() for letter in rest.partition("@")[2] or rest):
            raise UserError(
                f"tracking.uri={mask(uri)} is no address of a server: expected http://HOST:PORT "
                "with a number for PORT, such as http://127.0.0.1:5000"
            )


def remove_user(uri: str) -> str:
    """A server's address without the name and password in it, which are for MLflow's requests."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")

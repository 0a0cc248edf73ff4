"""How a bucket is reached: by which credentials of this computer, if any, and in which region."""

from __future__ import annotations

import configparser
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.web.connections import ask, discard
from napari_ome_zip.files.web.errors import Trouble
from napari_ome_zip.files.web.line import PATIENCE

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    type Bucket = S3Store | GCSStore | AzureStore

AWS = "https://s3.amazonaws.com"
"""What knows the region of every bucket of Amazon."""

_FIRST_REGION = "us-east-1"
_ATTEMPTS = 4

_AWS_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_ISSUED = frozenset({"credential_process", "role_arn", "sso_account_id", "sso_session"})
"""What a profile holds whose keys somebody issues for a while; boto3 knows how to ask for them."""
_GOOGLE_CREDENTIALS = (
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
_AZURE_CREDENTIALS = (
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
)

_regions: dict[str, str] = {}
_regions_lock = threading.Lock()


def buckets(link: Link) -> Iterator[Callable[[], Bucket]]:
    """Yield the ways to reach the bucket of a link, the most likely one first.

    Credentials are tried before none: they may be needed, and public buckets accept them. They may
    also be old, or of another cloud, and a bucket public all the same. Without any, nobody is asked
    for some: on a computer that is none of a cloud's, that takes a minute.

    Raises
    ------
    LinkError
        When the ``cloud`` extra is not installed, or the link is not enough to find the bucket.
    """
    if importlib.util.find_spec("obstore") is None:
        raise LinkError(
            f"Links that begin with {link.scheme}:// need a further package. Install it with "
            "pip install 'napari-ome-zip[cloud]' and start again.",
            code="link-needs-extra",
        )
    ways = {"s3": _amazon, "gs": _google, "az": _azure}
    return ways[link.scheme](link)


def store_errors() -> tuple[type[Exception], ...]:
    """Return what obstore raises."""
    from obstore.exceptions import BaseError

    return BaseError, OSError, ValueError, RuntimeError


def find_region(link: Link) -> bool:
    """Ask Amazon for the region of a bucket, and remember it.

    Returns
    -------
    bool
        Whether it is another one than was tried.
    """
    if _endpoint():
        return False
    try:
        answer = ask(f"{AWS}/{link.host}", {}, link=link, connect=10, silence=10)
    except Trouble:
        return False
    region = answer.headers.get("x-amz-bucket-region", "")
    discard(answer)
    with _regions_lock:
        found = bool(region) and region != _regions.get(link.host, _region())
        if found:
            _regions[link.host] = region
    return found


def _amazon(link: Link) -> Iterator[Callable[[], Bucket]]:
    def bucket(**options: Any) -> Bucket:
        from obstore.store import S3Store

        endpoint = _endpoint()
        if endpoint:
            options["endpoint"] = endpoint
        return S3Store(
            link.host,
            region=_regions.get(link.host, _region()),
            client_options=_client(is_http=endpoint.startswith("http://")),
            retry_config=_retries(),
            **options,
        )

    if any(map(os.environ.get, _AWS_CREDENTIALS)):
        yield bucket
    else:
        profile = _profile()
        key, secret = profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")
        if key and secret:
            token = profile.get("aws_session_token")
            yield lambda: bucket(
                access_key_id=key,
                secret_access_key=secret,
                **({"session_token": token} if token else {}),
            )
        elif _ISSUED & set(profile) and importlib.util.find_spec("boto3") is not None:
            yield lambda: bucket(credential_provider=_boto3_credentials())
    yield lambda: bucket(skip_signature=True)


def _google(link: Link) -> Iterator[Callable[[], Bucket]]:
    def bucket(**options: Any) -> Bucket:
        from obstore.store import GCSStore

        return GCSStore(
            link.host, client_options=_client(is_http=False), retry_config=_retries(), **options
        )

    # Where `gcloud auth application-default login` leaves them.
    folder = os.environ.get("APPDATA") if os.name == "nt" else "~/.config"
    kept = Path(folder or "~").expanduser() / "gcloud" / "application_default_credentials.json"
    if any(map(os.environ.get, _GOOGLE_CREDENTIALS)) or kept.exists():
        yield bucket
    yield lambda: bucket(skip_signature=True)


def _azure(link: Link) -> Iterator[Callable[[], Bucket]]:
    if not (os.environ.get("AZURE_STORAGE_ACCOUNT_NAME") or os.environ.get("AZURE_ACCOUNT_NAME")):
        raise LinkError(
            "A link that begins with az:// names a container, but not the account that it belongs "
            "to. Set AZURE_STORAGE_ACCOUNT_NAME, or use the link that begins with https://.",
            code="link-credentials",
        )

    def bucket(**options: Any) -> Bucket:
        from obstore.store import AzureStore

        endpoint = os.environ.get("AZURE_STORAGE_ENDPOINT", "")
        return AzureStore(
            link.host,
            client_options=_client(is_http=endpoint.startswith("http://")),
            retry_config=_retries(),
            **options,
        )

    if any(map(os.environ.get, _AZURE_CREDENTIALS)):
        yield bucket
    yield lambda: bucket(skip_signature=True)


def _endpoint() -> str:
    """Return where buckets lie that are not Amazon's, empty for Amazon."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    found = next(filter(None, map(os.environ.get, names)), "")
    return found or _profile().get("endpoint_url", "")


def _region() -> str:
    names = ("AWS_REGION", "AWS_DEFAULT_REGION")
    found = next(filter(None, map(os.environ.get, names)), "")
    return found or _profile().get("region", _FIRST_REGION)


def _profile() -> dict[str, str]:
    """Return what Amazon's tools keep for the chosen profile of this computer."""
    name = os.environ.get("AWS_PROFILE", "default")
    folder = Path("~/.aws").expanduser()
    files = {
        os.environ.get("AWS_CONFIG_FILE", folder / "config"): {f"profile {name}", name},
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", folder / "credentials"): {name},
    }
    found: dict[str, str] = {}
    for file, sections in files.items():
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeError):
            continue  # such a file is of no use to anything else, either
        for section in sections & set(parser.sections()):
            found.update(parser[section])
    return found


def _boto3_credentials() -> Any:
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        return Boto3CredentialProvider()
    except Exception:  # noqa: BLE001  of a program that a profile names, anything can go wrong
        raise ValueError("no credentials") from None


def _client(*, is_http: bool) -> Any:
    return {
        "allow_http": is_http,
        "connect_timeout": timedelta(seconds=PATIENCE.connect),
        "timeout": timedelta(seconds=PATIENCE.total),
    }


def _retries() -> Any:
    return {
        "max_retries": _ATTEMPTS,
        "backoff": {
            "init_backoff": timedelta(seconds=PATIENCE.pause),
            "max_backoff": timedelta(seconds=5),
            "base": 2,
        },
        "retry_timeout": timedelta(seconds=PATIENCE.total),
    }

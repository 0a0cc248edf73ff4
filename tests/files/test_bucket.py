"""A file in a bucket, on a server that answers as S3 does."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_ome_zip import open_image
from napari_ome_zip.errors import ChangedFileError, LinkError
from napari_ome_zip.files import Link
from napari_ome_zip.files.buckets import reaching as bucket_store
from napari_ome_zip.files.buckets.bucket_object import BucketObject
from napari_ome_zip.files.buckets.errors import of_store
from napari_ome_zip.files.connecting import remote_object
from napari_ome_zip.files.disk_cache import cache_folder
from napari_ome_zip.files.remote_file import RemoteFile
from range_server import Answer, RangeServer, Request
from web_faults import header
from whole_archives import whole_archive

CONTENT = bytes(range(256)) * 400
KEY = "a b/µ#1%20.ozx"
DATED = header("Last-Modified", "Mon, 02 Nov 2026 08:00:00 GMT")
"""As every cloud says it."""
NAMES = ("AWS_", "GOOGLE_", "AZURE_")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A computer without credentials."""
    for name in list(os.environ):
        if name.startswith(NAMES):
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setattr(bucket_store, "_regions", {})


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    pytest.importorskip("obstore", reason="the cloud extra is not installed")
    server = pytest.importorskip("moto.server", reason="moto is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


class Bucket:
    """A bucket named data."""

    def __init__(self, address: str, access: str) -> None:
        import boto3

        self._access = access
        self._client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="known",
            aws_secret_access_key="secret",
        )
        self._client.create_bucket(Bucket="data")

    def put(self, key: str, content: bytes) -> None:
        self._client.put_object(Bucket="data", Key=key, Body=content, ACL=self._access)

    def close(self) -> None:
        for found in self._client.list_objects_v2(Bucket="data").get("Contents", []):
            self._client.delete_object(Bucket="data", Key=found["Key"])
        self._client.delete_bucket(Bucket="data")
        self._client.close()


@pytest.fixture(params=["public-read", "private"])
def bucket(
    moto: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Bucket]:
    """Read by anybody, or by those with credentials, as this computer has them then."""
    made = Bucket(moto, request.param)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    if request.param == "private":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "known")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for key, content in {KEY: CONTENT, "empty.ozx": b"", "tiny.ozx": CONTENT[:50]}.items():
        made.put(key, content)
    yield made
    made.close()


def read(file: BucketObject, start: int, stop: int) -> bytes:
    got: list[bytes] = []
    file.fetch(start, stop, got.append)
    return b"".join(got)


def test_ends_and_ranges(bucket: Bucket) -> None:
    heard: list[int] = []
    file = BucketObject(Link(f"s3://data/{KEY}"))
    opening = file.open(head=1000, tail=2000, heard=heard.append)
    assert opening.size == len(CONTENT)
    assert (opening.head, opening.tail) == (CONTENT[:1000], CONTENT[-2000:])
    assert sum(heard) == 3000
    assert opening.validator.is_lasting
    assert read(file, 5, 90_000) == CONTENT[5:90_000]
    size, pieces = file.whole()
    assert (size, b"".join(pieces)) == (len(CONTENT), CONTENT)


@pytest.mark.parametrize(("key", "content"), [("empty.ozx", b""), ("tiny.ozx", CONTENT[:50])])
def test_small_files(bucket: Bucket, key: str, content: bytes) -> None:
    opening = BucketObject(Link(f"s3://data/{key}")).open(head=1000, tail=2000)
    assert (opening.size, opening.head, opening.tail) == (len(content), content, content)


def test_a_known_version(bucket: Bucket) -> None:
    link = Link(f"s3://data/{KEY}")
    known = BucketObject(link).open(head=10, tail=10).validator
    again = BucketObject(link)
    assert again.open(head=10, tail=10, known=known).is_unchanged
    assert read(again, 5, 10) == CONTENT[5:10]
    bucket.put(KEY, CONTENT[::-1])
    opening = BucketObject(link).open(head=10, tail=10, known=known)
    assert not opening.is_unchanged
    assert opening.head == CONTENT[::-1][:10]


@pytest.mark.parametrize("another", [CONTENT[::-1], CONTENT[:10]])
def test_nothing_of_another_version_is_handed_over(bucket: Bucket, another: bytes) -> None:
    file = BucketObject(Link(f"s3://data/{KEY}"))
    file.open(head=10, tail=10)
    bucket.put(KEY, another)
    with pytest.raises(ChangedFileError, match="replaced in its bucket"):
        read(file, 500, 600)


def test_an_image_in_a_bucket_has_the_same_pixels(bucket: Bucket, tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "cells.ome.zip")
    content = (tmp_path / "cells.ome.zip").read_bytes()
    bucket.put("cells.ome.zip", content)
    image = open_image("s3://data/cells.ome.zip|zip:|zarr3:")
    for part in image.images:
        for source in part.sources:
            copy = pickle.loads(pickle.dumps(source))
            np.testing.assert_array_equal(
                copy[(slice(None),) * copy.ndim], truth.arrays[source.path]
            )


# Who asks


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    """A server that notes how it was asked."""
    pytest.importorskip("obstore", reason="the cloud extra is not installed")
    with RangeServer({f"data/{KEY}": CONTENT}) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url("").rstrip("/"))
        yield server


def keys_of(server: RangeServer) -> set[str]:
    """Who signed the requests."""
    return {
        value.partition("Credential=")[2].partition("/")[0]
        for request in server.requests
        for name, value in request.headers.items()
        if name.lower() == "authorization"
    }


def test_without_credentials_nobody_signs(asked: RangeServer) -> None:
    BucketObject(Link(f"s3://data/{KEY}")).open(head=10, tail=10)
    assert len(asked.requests) == 2
    assert keys_of(asked) == set()


def test_credentials_of_the_environment(
    asked: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    BucketObject(Link(f"s3://data/{KEY}")).open(head=10, tail=10)
    assert keys_of(asked) == {"from-environment"}


@pytest.mark.parametrize("profile", [None, "lab"])
def test_credentials_of_a_profile(
    asked: RangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str | None
) -> None:
    folder = tmp_path / "home" / ".aws"
    folder.mkdir(parents=True)
    (folder / "config").write_text("[default]\nregion = eu-west-1\n")
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id = from-default\naws_secret_access_key = a%b\n"
        "[lab]\naws_access_key_id = from-lab\naws_secret_access_key = ab\n"
    )
    if profile is not None:
        monkeypatch.setenv("AWS_PROFILE", profile)
    BucketObject(Link(f"s3://data/{KEY}")).open(head=10, tail=10)
    assert keys_of(asked) == {f"from-{profile or 'default'}"}


@pytest.mark.parametrize("is_issued", [True, False])
def test_credentials_that_are_issued(
    asked: RangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_issued: bool
) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed")
    script = tmp_path / "issue.py"
    keys = '{"Version": 1, "AccessKeyId": "issued", "SecretAccessKey": "secret"}'
    script.write_text(f"print({keys!r})" if is_issued else "raise SystemExit(1)")
    config = tmp_path / "config"
    process = f"{Path(sys.executable).as_posix()} {script.as_posix()}"
    config.write_text(f"[profile lab]\nregion = us-east-1\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    BucketObject(Link(f"s3://data/{KEY}")).open(head=10, tail=10)
    assert keys_of(asked) == ({"issued"} if is_issued else set())


def test_public_buckets_need_no_valid_credentials(
    asked: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    def fault(request: Request, answer: Answer) -> Answer:
        is_signed = "authorization" in {name.lower() for name in request.headers}
        return Answer(403, b"<Code>InvalidAccessKeyId</Code>") if is_signed else answer

    asked.fault = fault
    file = BucketObject(Link(f"s3://data/{KEY}"))
    assert file.open(head=10, tail=10).head == CONTENT[:10]
    asked.forget()
    assert read(file, 20, 30) == CONTENT[20:30]
    assert [request.status for request in asked.requests] == [206]


def test_private_buckets_say_what_to_set(asked: RangeServer) -> None:
    asked.fault = lambda request, answer: Answer(403, b"<Code>AccessDenied</Code>")
    with pytest.raises(LinkError, match="AWS_PROFILE") as raised:
        BucketObject(Link(f"s3://data/{KEY}")).open(head=10, tail=10)
    assert raised.value.code == "link-forbidden"


def test_the_region_of_a_bucket_is_asked_for_once(
    asked: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amazon's answers, as far as they can be had on this machine."""
    regions: list[str] = []

    def fault(request: Request, answer: Answer) -> Answer:
        if request.target == "/data":
            return Answer(301, b"", {"x-amz-bucket-region": "eu-west-3"})
        regions.append(bucket_store._regions.get("data", ""))
        return answer if regions[-1] else Answer(301, b"<Code>PermanentRedirect</Code>")

    asked.fault = fault
    monkeypatch.setattr(bucket_store, "AWS", os.environ["AWS_ENDPOINT_URL"])
    # obstore itself goes on to read the address from the environment.
    monkeypatch.setattr(bucket_store, "_endpoint", lambda: "")
    client = bucket_store._client
    monkeypatch.setattr(bucket_store, "_client", lambda *, is_http: client(is_http=True))
    for _ in range(2):
        assert BucketObject(Link(f"s3://data/{KEY}")).open(head=10, tail=10).head == CONTENT[:10]
    assert bucket_store._regions == {"data": "eu-west-3"}
    assert sum(request.target == "/data" for request in asked.requests) == 1


# Other clouds, as far as they can be had on this machine: their addresses and ways of asking


def test_a_container_of_azure(asked: RangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "cells")
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", asked.url("").rstrip("/"))
    asked.fault = DATED
    file = BucketObject(Link(f"az://data/{KEY}"))
    opening = file.open(head=1000, tail=2000)
    assert (opening.head, opening.tail) == (CONTENT[:1000], CONTENT[-2000:])
    assert read(file, 50, 500) == CONTENT[50:500]
    assert file.open(head=1, tail=1, known=opening.validator).is_unchanged
    # It answers no ranges from the end, so none is asked for.
    assert not [r for r in asked.requests if r.headers["range"].startswith("bytes=-")]
    assert keys_of(asked) == set()
    asked.fault = lambda request, answer: Answer(403)
    with pytest.raises(LinkError, match="AZURE_STORAGE_SAS_TOKEN"):
        BucketObject(Link(f"az://data/{KEY}")).open(head=1000, tail=2000)


def test_a_bucket_of_google(
    asked: RangeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    account = {
        "gcs_base_url": asked.url("").rstrip("/"),
        "disable_oauth": True,
        "client_email": "",
        "private_key": "",
        "private_key_id": "",
    }
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(path))
    client = bucket_store._client
    monkeypatch.setattr(bucket_store, "_client", lambda *, is_http: client(is_http=True))
    asked.fault = DATED
    file = BucketObject(Link(f"gs://data/{KEY}"))
    opening = file.open(head=1000, tail=2000)
    assert (opening.head, opening.tail) == (CONTENT[:1000], CONTENT[-2000:])
    assert read(file, 50, 500) == CONTENT[50:500]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_does_not_wait_forever(asked: RangeServer, tmp_path: Path) -> None:
    file = BucketObject(Link(f"s3://data/{KEY}"))
    file.open(head=10, tail=10)
    child = os.fork()
    if child == 0:
        try:
            read(file, 20, 30)
        except LinkError as error:
            (tmp_path / "said").write_text(str(error))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert "forked process" in (tmp_path / "said").read_text()


# What is no file


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("GET http://h/data/region-credential-dns.ozx - error decoding response", "server-error"),
        (
            "GET http://h/x - Server returned non-2xx status code: 500 Internal Error",
            "server-error",
        ),
        ("GET http://h/x - operation timed out", "timeout"),
        ("Received redirect without LOCATION, this normally indicates …", "region"),
        ("status code: 400: <Code>AuthorizationHeaderMalformed</Code>", "region"),
        ("status code: 403 Forbidden: <Code>AccessDenied</Code>", "forbidden"),
        ("invalid peer certificate: UnknownIssuer, kind: Connect", "certificate"),
    ],
)
def test_what_errors_of_obstore_mean(error: str, code: str) -> None:
    exceptions = pytest.importorskip("obstore.exceptions", reason="the cloud extra is missing")
    found = of_store(exceptions.GenericError(error), Link("s3://data/x.ozx"))
    assert isinstance(found, LinkError)
    assert found.code == f"link-{code}"


@pytest.mark.parametrize(
    ("link", "code", "says"),
    [
        ("s3://data/none.ozx", "link-not-found", "no such file in the bucket: s3://data/none"),
        ("s3://other/none.ozx", "link-not-found", "no bucket named 'other'"),
        ("az://container/x.ozx", "link-credentials", "AZURE_STORAGE_ACCOUNT_NAME"),
    ],
)
def test_what_is_not_there(bucket: Bucket, link: str, code: str, says: str) -> None:
    with pytest.raises(LinkError, match=says) as raised:
        BucketObject(Link(link)).open(head=10, tail=10)
    assert raised.value.code == code


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1", "http://nowhere.invalid", "https://127.0.0.1:1"]
)
def test_no_server_is_there(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("obstore", reason="the cloud extra is not installed")
    monkeypatch.setattr(bucket_store, "_ATTEMPTS", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(LinkError, match="cannot be reached") as raised:
        BucketObject(Link("s3://data/x.ozx")).open(head=10, tail=10)
    assert raised.value.code == "link-no-connection"
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_the_cloud_extra_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "obstore" else find(name)
    )
    for link in ("s3://data/x.ozx", "gs://data/x.ozx", "az://data/x.ozx"):
        with pytest.raises(LinkError, match=r"pip install 'napari-ome-zip\[cloud\]'") as raised:
            remote_object(Link(link)).open(head=10, tail=10)
        assert raised.value.code == "link-needs-extra"


def test_a_second_opening_is_one_request_and_the_rest_is_on_disk(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(cache_folder.LINK_CACHE_FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(cache_folder, "_state", cache_folder._State(100 << 20))
    content = CONTENT * 10
    bucket.put("large.ozx", content)
    for requests, received in ((3, 350_000), (1, 0)):
        file = RemoteFile(Link("s3://data/large.ozx"))
        assert file.read(400_000, 100_000) == content[400_000:500_000]
        assert file.traffic.requests == requests
        assert received * 0.8 <= file.traffic.received <= received
        while threads := [each for each in threading.enumerate() if each.name == "ome-zip-link"]:
            threads[0].join(60)
    content = content[::-1]
    bucket.put("large.ozx", content)
    assert RemoteFile(Link("s3://data/large.ozx")).read(400_000, 10) == content[400_000:400_010]

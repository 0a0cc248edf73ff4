"""What a person is told of a bucket that does not answer as it should.

obstore tells most reasons by its message alone, which holds addresses and whole answers; nothing of
it is shown.
"""

from __future__ import annotations

import re

from napari_ome_zip.errors import ChangedFileError, LinkError
from napari_ome_zip.files.links import Link

_CREDENTIALS = {
    "s3": "AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
}
_NAMES = re.compile(r"https?://\S+|path: \".*?\"|<Key>.*?</Key>|Object at location \S+")
"""Where a message names the file, whose name may look like anything below."""
_NOT_ALLOWED = re.compile(
    r"AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|[Cc]redential|"
    r"status code: 40[13]"
)
_OTHER_REGION = re.compile(
    r"without LOCATION|PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|"
    r"status code: 30[1278]"
)


class EmptyRange(Exception):
    """The file has no byte of the range, or the store answers no such range."""


class Unchanged(Exception):
    """The file is the version that was asked about."""


def of_store(error: Exception, link: Link) -> LinkError | EmptyRange | Unchanged:
    """Return what an error of obstore means."""
    kind, text = type(error).__name__, _NAMES.sub("", str(error))
    if isinstance(error, FileNotFoundError) or kind == "NotFoundError":
        return _not_found(text, link)
    if kind == "NotModifiedError":
        return Unchanged()
    if kind == "NotSupportedError" or "NotPartial" in text or "status code: 416" in text:
        return EmptyRange()
    if _OTHER_REGION.search(text):
        return LinkError(
            f"The bucket lies in another region: {link}. Set AWS_REGION to the one it was made in.",
            code="link-region",
        )
    if kind != "GenericError" or _NOT_ALLOWED.search(text):
        return not_allowed(link)
    if "certificate" in text.lower():
        return LinkError(
            f"The certificate of the server of {link} does not show that it is this server, so "
            "nothing was read. Check this computer's clock and the address of the server.",
            code="link-certificate",
        )
    if "dns" in text.lower() or "kind: Connect" in text:
        return LinkError(
            f"The server of the bucket cannot be reached: {link}. Check the network, and "
            "AWS_ENDPOINT_URL if the bucket is not Amazon's.",
            code="link-no-connection",
        )
    if "kind: Timeout" in text or "timed out" in text:
        return LinkError(
            f"The bucket took too long to answer: {link}. Try again later.", code="link-timeout"
        )
    return odd(link)


def forked(link: Link) -> LinkError:
    """Return that a process was copied, which the threads that ask buckets do not survive."""
    return LinkError(
        f"A bucket cannot be read in a forked process: {link}. Start processes by 'spawn' or "
        "'forkserver'.",
        code="link-forked",
    )


def odd(link: Link) -> LinkError:
    """Return that an answer is none that a bucket gives."""
    return LinkError(
        f"The bucket does not answer as it should: {link}. Try again later.",
        code="link-server-error",
    )


def changed(link: Link) -> ChangedFileError:
    """Return that a file is another one now."""
    return ChangedFileError(
        f"The file was replaced in its bucket while it was open: {link}. Open it again."
    )


def _not_found(text: str, link: Link) -> LinkError:
    if "NoSuchBucket" in text:
        found = f"There is no bucket named {link.host!r}: {link}. Check the link"
    else:
        found = f"There is no such file in the bucket: {link}. Check the link"
    return LinkError(f"{found}.", code="link-not-found")


def not_allowed(link: Link) -> LinkError:
    """Return that the credentials there are, or none, are not enough."""
    return LinkError(
        f"The bucket does not hand out this file: {link}. Set credentials that may read it in the "
        f"environment ({_CREDENTIALS[link.scheme]}), and check the link.",
        code="link-forbidden",
    )

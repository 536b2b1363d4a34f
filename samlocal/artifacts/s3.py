"""Code in S3, downloaded once for each ETag."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol, cast

from samlocal.aws_clients import connect
from samlocal.cache.store import scratch_directory
from samlocal.errors import CacheError, CodeNotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from samlocal.function import S3Code


class S3Client(Protocol):
    """The methods of boto3's S3 client that samlocal uses."""

    def head_object(self, **request: str) -> Mapping[str, object]:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html."""

    def download_file(
        self,
        bucket: str,
        key: str,
        filename: str,
        ExtraArgs: Mapping[str, str],  # noqa: N803
    ) -> None:
        """https://docs.aws.amazon.com/boto3/latest/reference/services/s3/client/download_file.html."""


def make_fetcher(*, region: str | None, profile: str | None) -> Callable[[S3Code, Path], Path]:
    """Return a function that downloads an object into a directory, unless it is there already.

    The function raises `CodeNotFoundError` if boto3 is not installed or AWS refuses.
    """

    def fetch(code: S3Code, directory: Path) -> Path:
        try:
            client = cast("S3Client", connect(region=region, profile=profile)("s3"))
        except UsageError as exc:
            raise CodeNotFoundError(
                f"the code is in S3: {exc.message}", place=code.place, hint=exc.hint
            ) from exc
        return download(client, code, directory)

    return fetch


def download(client: S3Client, code: S3Code, directory: Path) -> Path:
    """Return the archive of an object; its name follows from bucket, key and ETag.

    Raises:
        CodeNotFoundError: AWS refuses, or cannot be reached.
    """
    version = {"VersionId": code.version} if code.version else {}
    try:
        etag = client.head_object(Bucket=code.bucket, Key=code.key, **version)["ETag"]
        name = f"{code.bucket}/{code.key}?{code.version} {etag}"
        archive = directory / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.zip"
        if not archive.is_file():
            with scratch_directory(directory) as scratch:
                part = scratch / archive.name
                client.download_file(code.bucket, code.key, str(part), ExtraArgs=version)
                part.replace(archive)
    except CacheError:
        raise
    except Exception as exc:  # boto3's errors have no useful common root
        raise CodeNotFoundError(
            f"`s3://{code.bucket}/{code.key}` cannot be read: {exc}",
            place=code.place,
            hint="sign in, choose a --profile, or set `CodeUri` to a directory",
        ) from exc
    return archive

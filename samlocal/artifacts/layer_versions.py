"""Layer versions in AWS: downloaded once, because a published version never changes.

https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersionByArn.html
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol, TypedDict, cast

from samlocal.artifacts.layers import LayerContent
from samlocal.aws_clients import connect
from samlocal.cache.store import (
    describe_os_error,
    hash_text,
    is_disk_full,
    make_private,
    mark_as_used,
    publish,
    scratch_directory,
)
from samlocal.errors import CacheError, CodeNotFoundError, LayerError, UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from samlocal.errors import Place
    from samlocal.function import Layer

_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):\d{12}:layer:(?P<name>[\w-]+):(?P<version>\d+)"
)
_CONTENT: Final = "content"
_FACTS: Final = "layer.json"
_MISSING: Final = frozenset({"ResourceNotFoundException"})
_DENIED: Final = frozenset({"AccessDeniedException", "AccessDenied"})


class _Content(TypedDict):
    Location: str
    CodeSha256: str
    CodeSize: int


class _Version(TypedDict, total=False):
    Content: _Content
    CompatibleRuntimes: list[str]
    CompatibleArchitectures: list[str]


class LambdaClient(Protocol):
    """The methods of boto3's Lambda client that samlocal uses."""

    def get_layer_version_by_arn(self, *, Arn: str) -> _Version:  # noqa: N803
        """https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersionByArn.html."""


@frozen
class LayerDownloads:
    """Downloads layer versions into `cache`, with the credentials of `profile`.

    With `again`, cached versions are downloaded again. `print_status` gets a line about each download.
    `check` is called during a download, and may raise to stop it.
    """

    cache: Path
    profile: str | None
    again: bool
    print_status: Callable[[str], None]
    check: Callable[[], None]

    def get(self, layer: Layer) -> LayerContent:
        """Return the content of a layer with an ARN.

        Raises:
            LayerError: the version does not exist, or cannot be downloaded.
        """
        arn = str(layer.arn)
        found = _ARN.fullmatch(arn)
        if found is None:
            raise LayerError(
                f"`{arn}` is not the ARN of a layer version",
                place=layer.place,
                hint="the form is arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION",
            )
        name = f"{found['name']}-{found['version']}"
        wanted = make_private(self.cache / "layer-versions") / f"{name}-{hash_text(arn)[:10]}"
        if self.again or not wanted.is_dir():
            with _translated_errors(arn, wanted.parent, layer.place):
                self._download(arn, found["region"], wanted, layer.place)
        mark_as_used(wanted)
        facts = json.loads((wanted / _FACTS).read_text(encoding="utf-8"))
        return LayerContent(
            layer=replace(
                layer,
                runtimes=tuple(facts["runtimes"]),
                architectures=tuple(facts["architectures"]),
            ),
            directory=wanted / _CONTENT,
        )

    def _download(self, arn: str, region: str, wanted: Path, place: Place) -> None:
        from samlocal.artifacts.archives import unpack  # noqa: PLC0415

        client = cast("LambdaClient", connect(region=region, profile=self.profile)("lambda"))
        version = client.get_layer_version_by_arn(Arn=arn)
        content = version["Content"]
        self.print_status(f"Downloading {arn} ({-(-content['CodeSize'] // (1024 * 1024))} MB)")
        with scratch_directory(wanted.parent) as scratch:
            archive, made = scratch / "layer.zip", scratch / "made"
            self._fetch(content, archive, arn, place)
            (made / _CONTENT).mkdir(parents=True)
            unpack(archive, made / _CONTENT, place=place)
            facts = {
                "arn": arn,
                "runtimes": version.get("CompatibleRuntimes") or [],
                "architectures": version.get("CompatibleArchitectures") or [],
            }
            (made / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
            if self.again and wanted.is_dir():
                wanted.rename(scratch / "replaced")
            publish(made, wanted)

    def _fetch(self, content: _Content, archive: Path, arn: str, place: Place) -> None:
        """Download an archive, and check it against the size and checksum from Lambda."""
        from samlocal.artifacts.http_download import download  # noqa: PLC0415  # it imports HTTP and TLS

        size, checksum = download(content["Location"], archive, check=self.check)
        if size != content["CodeSize"]:
            raise LayerError(
                f"the download of `{arn}` ended after {size} of {content['CodeSize']} bytes",
                place=place,
                hint="try again",
            )
        if checksum != content["CodeSha256"]:
            raise LayerError(
                f"the download of `{arn}` does not match the checksum from Lambda",
                place=place,
                hint="a proxy may have changed the file; samlocal deleted it",
            )


@contextmanager
def _translated_errors(arn: str, cache: Path, place: Place) -> Iterator[None]:
    try:
        yield
    except (LayerError, CacheError):
        raise
    except UsageError as exc:  # boto3 is not installed, or the profile does not exist
        raise LayerError(
            f"the layer `{arn}` is in AWS: {exc.message}", place=place, hint=exc.hint
        ) from exc
    except CodeNotFoundError as exc:
        raise LayerError(f"`{arn}`: {exc.message}", place=place, hint=exc.hint) from exc
    except OSError as exc:
        if is_disk_full(exc):
            message = f"`{arn}` cannot be stored: no space left in `{cache}`"
            hint = "free some space, or choose another folder with --layer-cache-basedir"
        else:
            message = f"`{arn}` cannot be downloaded: {describe_os_error(exc)}"
            hint = "check the connection to AWS, and the proxy settings if you use one"
        raise LayerError(message, place=place, hint=hint) from exc
    except Exception as exc:  # boto3's errors have no useful common root
        raise LayerError(
            f"`{arn}` cannot be downloaded: {exc}", place=place, hint=_hint(exc)
        ) from exc


def _hint(error: Exception) -> str | None:
    kind = type(error).__name__
    answer = getattr(error, "response", {}).get("Error", {})
    if kind in {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}:
        return (
            "layers in AWS, including public ones, need credentials: sign in, or choose a --profile"
        )
    if answer.get("Code") in _MISSING:
        return "check Region, account, name and version; the version may have been deleted"
    if answer.get("Code") in _DENIED:
        return "your credentials need `lambda:GetLayerVersion` on the layer, and its owner must share it with you"
    if "Expired" in f"{kind} {answer.get('Code')}" or "SSO" in kind or "Token" in kind:
        return "sign in again (`aws sso login`), or choose a --profile"
    return None

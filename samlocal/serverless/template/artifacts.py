"""Where a package is that the configuration names: `package.artifact`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.documents.node import Node

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-bucket-intro.html
_S3_URLS: Final = (
    r"https?://(?P<bucket>[^/]+?)\.s3(?:[.-][\w-]+)?\.amazonaws\.com/(?P<key>.+)",
    r"https?://s3(?:[.-][\w-]+)?\.amazonaws\.com/(?P<bucket>[^/]+)/(?P<key>.+)",
)


def artifact_location(node: Node, what: str) -> Node:
    """Return the location of an artifact: a path, or `s3://BUCKET/KEY` for each form of URL that S3 has.

    Raises:
        TemplateError: it is not text.
    """
    text = node.text(what)
    if text.startswith("http"):
        for pattern in _S3_URLS:
            if match := re.match(pattern, text):
                return node.with_value(f"s3://{match['bucket']}/{match['key']}")
    return node.with_value(text)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.errors import Place, SamlocalError, TemplateNotFoundError
from samlocal.serverless.configuration import read_configuration

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("serverless.yml", "service: shop\nprovider: {name: aws}"),
        ("serverless.yaml", "service: shop\nprovider: {name: aws}"),
        ("serverless.json", '{"service": "shop", "provider": {"name": "aws"}}'),
    ],
)
def test_files_of_data(tmp_path: Path, name: str, text: str) -> None:
    """A YAML or JSON file gives its mapping."""
    path = tmp_path / name
    path.write_text(text)
    configuration = read_configuration(path)
    assert configuration.root.plain() == {"service": "shop", "provider": {"name": "aws"}}
    assert configuration.directory == tmp_path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the configuration of the service is empty"),
        ("~", "the configuration of the service is empty"),
        ("- a", "the configuration of a service must be a mapping, not a list"),
        ("text", "the configuration of a service must be a mapping, not `text`"),
    ],
)
def test_a_configuration_is_a_mapping(tmp_path: Path, text: str, message: str) -> None:
    """What is not a mapping is an error with its place."""
    path = tmp_path / "serverless.yml"
    path.write_text(text)
    with pytest.raises(SamlocalError) as caught:
        read_configuration(path)
    assert (caught.value.message, caught.value.place) == (message, Place(path, 1, 1))


def test_a_missing_configuration(tmp_path: Path) -> None:
    """A file that does not exist is an error of its own."""
    path = tmp_path / "serverless.yml"
    with pytest.raises(TemplateNotFoundError, match="no configuration at"):
        read_configuration(path)

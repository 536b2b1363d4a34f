from __future__ import annotations

import pytest

from samlocal.env_vars.secrets import is_likely_secret


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "db_password",
        "SECRET",
        "STRIPE_SECRET_KEY",
        "GITHUB_TOKEN",
        "API_KEY",
        "APIKEY",
        "PRIVATE_KEY",
        "PG_PWD",
        "DB_PASS",
        "SMTP_CREDENTIALS",
        "AWS_ACCESS_KEY",
    ],
)
def test_names_of_secrets(name: str) -> None:
    """A name that suggests a secret masks the value."""
    assert is_likely_secret(name, "x")


@pytest.mark.parametrize(
    "name",
    [
        "TABLE_NAME",
        "PARTITION_KEY",
        "MAX_TOKENS",
        "PWD",
        "PASSENGER",
        "SECRET_ARN",
        "DB_SECRET_NAME",
        "TOKEN_URL",
        "TOKEN_TTL",
        "KEYSTONE",
        "SECRETARY",
    ],
)
def test_names_of_ordinary_values(name: str) -> None:
    """The values of names that only resemble secrets, or tell a secret's place or age, are not masked."""
    assert not is_likely_secret(name, "x")


@pytest.mark.parametrize(
    "value",
    [
        "postgres://user:hunter2@db:5432/shop",
        "redis://:hunter2@cache",
        "-----BEGIN RSA PRIVATE KEY-----\nMII",
        "-----BEGIN PRIVATE KEY-----\nMII",
        "id AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    ],
)
def test_forms_of_secrets(value: str) -> None:
    """A value in a form that only secrets have is masked under any name."""
    assert is_likely_secret("VALUE", value)


@pytest.mark.parametrize("value", ["postgres://db:5432/shop", "a:b@c", "AKIA", "https://x/?a=b"])
def test_ordinary_values(value: str) -> None:
    """Ordinary values are shown."""
    assert not is_likely_secret("VALUE", value)


def test_an_empty_value_hides_nothing() -> None:
    """An empty value is not masked, even under a secret's name."""
    assert not is_likely_secret("DB_PASSWORD", "")

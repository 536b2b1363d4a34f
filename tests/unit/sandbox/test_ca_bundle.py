from __future__ import annotations

from pathlib import Path

from samlocal.env_vars.environment import Environment, Origin, ResolvedVariable
from samlocal.sandbox.ca_bundle import ca_bundle_mount, with_ca_bundle

BUNDLE = Path("/cache/bundle")


def test_every_variable_names_the_mounted_bundle() -> None:
    """Every unset variable names the mounted bundle; a set variable is kept."""
    own = ResolvedVariable(value="/var/task/ca.pem", origin=Origin(source="shell", label="shell"))
    before = Environment(variables={"SSL_CERT_FILE": own})

    environment = with_ca_bundle(before)

    target = f"{ca_bundle_mount(BUNDLE).target}/ca-bundle.pem"
    assert environment.as_dict() == {
        "AWS_CA_BUNDLE": target,
        "CURL_CA_BUNDLE": target,
        "GIT_SSL_CAINFO": target,
        "NODE_EXTRA_CA_CERTS": target,
        "REQUESTS_CA_BUNDLE": target,
        "SSL_CERT_FILE": "/var/task/ca.pem",
    }
    assert environment.variables["AWS_CA_BUNDLE"].origin.label == "--ca-bundle"


def test_bundle_is_mounted_read_only() -> None:
    """The bundle is mounted read-only."""
    mount = ca_bundle_mount(BUNDLE)
    assert (mount.source, mount.read_only) == (BUNDLE, True)

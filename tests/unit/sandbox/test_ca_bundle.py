from __future__ import annotations

from pathlib import Path

from samlocal.sandbox.ca_bundle import ca_bundle_mount, with_ca_bundle

BUNDLE = Path("/corp/ca.pem")


def test_every_variable_names_the_mounted_bundle() -> None:
    """What isn't set names the file where it is mounted; what is set stays."""
    environment = with_ca_bundle({"STAGE": "dev", "SSL_CERT_FILE": "/var/task/ca.pem"})
    target = ca_bundle_mount(BUNDLE).target
    assert environment["STAGE"] == "dev"
    assert environment["SSL_CERT_FILE"] == "/var/task/ca.pem"
    assert {
        environment[name]
        for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
    } == {target}


def test_bundle_is_mounted_read_only() -> None:
    """A function can't change what it trusts."""
    mount = ca_bundle_mount(BUNDLE)
    assert (mount.source, mount.read_only) == (BUNDLE, True)

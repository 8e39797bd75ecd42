from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.faults.hosts import NAME

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass
class Names:
    """The resolver of a machine without network, which knows one name. While there is an `error`, that is
    what comes of it."""

    error: socket.gaierror | None = None
    asked: set[str] = field(default_factory=set)


@pytest.fixture
def names(monkeypatch) -> Names:
    known, really = Names(), socket.getaddrinfo

    def look_up(host: Any, *args: Any, **more: Any) -> Any:
        host = host.decode() if isinstance(host, bytes) else host
        known.asked.add(host)
        if host == NAME and known.error:
            raise known.error
        return really("127.0.0.1" if host == NAME else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


Certificates = dict[str, ssl.SSLContext | None]


@pytest.fixture(scope="session")
def _authority(tmp_path_factory) -> tuple[Certificates, Path]:
    known, unknown = trustme.CA(), trustme.CA()
    file = tmp_path_factory.mktemp("trust") / "authorities.pem"
    known.cert_pem.write_to_path(str(file))
    return {"none": None, "trusted": _context(known), "stranger": _context(unknown)}, file


@pytest.fixture
def certificates(_authority, monkeypatch) -> Certificates:
    """Certificates for this machine, by an authority that this program trusts and by one that it does not."""
    certificates, file = _authority
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    for proxy in (*_PROXIES, *map(str.upper, _PROXIES)):
        monkeypatch.delenv(proxy, raising=False)
    return certificates


def _context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context

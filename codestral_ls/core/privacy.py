"""Where code may go, and which pieces of it are blanked out before. Which files never go: `withheld`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NewType

if TYPE_CHECKING:
    from collections.abc import Mapping

SafeText = NewType("SafeText", str)
"""Text that may leave the process. Only `redact` makes it; a test looks for others that do."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_PRIVATE_KEY = re.compile(
    r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(.*?)(?=-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_TOKEN = re.compile(
    r"\b(?:"
    r"sk-[A-Za-z0-9_-]{20,}"  # OpenAI and many relays
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}"
    r"|glpat-[A-Za-z0-9_-]{20,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|AIza[A-Za-z0-9_-]{35}"
    r"|xox[abprs]-[A-Za-z0-9-]{20,}"
    r"|eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}"  # JSON web tokens
    r")"
)


REGIONS: Final[Mapping[str, str]] = {
    "api.mistral.ai": "global",
    "codestral.mistral.ai": "global",
    "api.eu.mistral.ai": "eu",
    "api.us.mistral.ai": "us",
}
"""Where the hosts are of which it is known. No setting moves them."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where code may go, by the user's rules: `hosts` are those they vouch for, without a port."""

    local_only: bool = False
    region: Literal["any", "eu", "us"] = "any"
    hosts: tuple[str, ...] = ()

    def why_refused(self, scheme: str, host: str) -> str | None:
        """Why nothing may be sent to a host, as a sentence; None if it may. This machine may always be.

        `host` is as it goes into a look-up: in ASCII, an IPv6 address without brackets.
        """
        if is_loopback(host):
            return None
        host = _canonical(host)
        named = host in map(_canonical, self.hosts)
        if self.local_only:
            return f"privacy.local_only keeps your code on this machine: nothing is sent to {host}."
        if self.hosts and not named:
            return f"privacy.hosts does not name {host}: nothing is sent there."
        where = REGIONS.get(host, self.region if named else "somewhere unknown")
        if self.region not in ("any", where):
            return f"privacy.region is {self.region!r}, and {host} is {where}: nothing is sent there."
        if scheme != "https" and not named:
            return (
                f"Code would go to {host} for everyone on the way to read: "
                "use https, or name the host in privacy.hosts."
            )
        return None


THIS_MACHINE: Final = Reach(local_only=True)


def is_loopback(host: str) -> bool:
    """Whether a host, as a URL names it, is this machine and nothing else.

    Other names and spellings that may lead here, such as `localhost.`, `x.localhost` and `127.1`, are for a
    resolver to read, and a resolver may be elsewhere and say anything.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback and "%" not in host


def _canonical(host: str) -> str:
    """One spelling for each host: lower case, no dot at the end, addresses in their shortest form."""
    host = host.lower().strip("[]").rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def redact(text: str) -> SafeText:
    """Blank out keys and tokens of well-known forms, and halves of code points, which no encoding has; the
    text's length and line ends stay."""
    text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _PRIVATE_KEY.sub(lambda found: found[1] + _blank(found[2]), text)
    return SafeText(_TOKEN.sub(lambda found: _blank(found[0]), text))


def _blank(secret: str) -> str:
    return re.sub(r"[^\s]", "x", secret)

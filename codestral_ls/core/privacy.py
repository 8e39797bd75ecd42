"""Where code may go, and which pieces of it are blanked out before. Which files never go: `exclusion`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal, NewType

from codestral_ls.core.redaction import secrets_in, secrets_in_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codestral_ls.core.redaction import Secret

SafeText = NewType("SafeText", str)
"""Text that may leave the process. Only `redact` makes it; a test looks for others that do."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_BLANK = re.compile(r"\S")

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

    def why_allowed(self, host: str) -> str:
        """Why code may go to a host that is not refused, as what follows "because". A process of ours has
        no host."""
        if not host or is_loopback(host):
            return "it is on this machine"
        if _canonical(host) in map(_canonical, self.hosts):
            return "privacy.hosts names it"
        if self.region != "any":
            return f"privacy.region is {self.region!r}, and it is there"
        return "no setting keeps code from it"


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


def place_of(host: str) -> Literal["local", "eu", "us", "cloud"]:
    """Where code is that went to a host: on this machine, in a region, or where nobody can say. A process of
    ours has no host."""
    if not host or is_loopback(host):
        return "local"
    match REGIONS.get(_canonical(host)):
        case "eu" | "us" as region:
            return region
    return "cloud"


def _canonical(host: str) -> str:
    """One spelling for each host: lower case, no dot at the end, addresses in their shortest form."""
    host = host.lower().strip("[]").rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host


def redact(text: str) -> SafeText:
    """Blank out keys and passwords, and halves of code points, which no encoding has; the text's length and
    line ends stay."""
    return SafeText(_blanked(text, secrets_in(text)))


def redact_window(*parts: str) -> tuple[SafeText, ...]:
    """The same for texts that follow each other in a document and were cut out of it. They are looked at as
    one: a key that the cursor stands in is in neither part, nor one that begins or ends outside of all."""
    whole = "".join(parts)
    safe = _blanked(whole, secrets_in_window(whole))
    ends = [*accumulate(map(len, parts))]
    return tuple(SafeText(safe[end - len(part) : end]) for part, end in zip(parts, ends, strict=True))


def _blanked(text: str, secrets: Iterable[Secret]) -> str:
    text = _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
    letters = list(text)
    for secret in secrets:
        letters[secret.start : secret.end] = _NOT_BLANK.sub("x", text[secret.start : secret.end])
    return "".join(letters)

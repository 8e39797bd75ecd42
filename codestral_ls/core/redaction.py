"""Keys and passwords inside of text, found by their own forms or by the names they are given.

Each form has a literal that it cannot be without, so that most are dismissed at once; and no repetition but a
last one is without a bound, so that the time grows with the text's length and no faster, whatever the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Form:
    """What one kind of secret looks like. The group `it` is what to blank out, or else all that is found.

    `signs` are literals, in lower case, of which one is on the line of every such secret.
    """

    kind: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Secret:
    """A piece of text that must not leave, by its offsets, and what kind it is."""

    start: int
    end: int
    kind: str


def secrets_in(text: str) -> tuple[Secret, ...]:
    """All secrets of known forms, in no order; they may overlap."""
    return tuple(_found(text, _FORMS))


def secrets_in_window(text: str) -> tuple[Secret, ...]:
    """The same for a text that was cut out of a longer one, perhaps in the middle of a secret.

    What looks like the rest of a key at its start, or the beginning of one at its end, counts as well.
    """
    return tuple(_found(text, (*_FORMS, *_CUT)))


def _found(text: str, forms: tuple[Form, ...]) -> Iterator[Secret]:
    # The one letter that becomes two in lower case would shift all offsets behind it.
    lower = text.replace("\u0130", "I").lower()
    for form in forms:
        group = "it" if "it" in form.pattern.groupindex else 0
        for start, end in _places(form, lower):
            for found in form.pattern.finditer(text, start, end):
                yield Secret(*found.span(group), form.kind)


def _places(form: Form, lower: str) -> Iterable[tuple[int, int]]:
    """Where to look: the lines with a sign, or the whole text for what has several lines. What has no sign
    is at the start."""
    if not form.signs:
        return [(0, lower.find("\n") % (len(lower) + 1))]
    if form.pattern.flags & _DOTALL:
        return [(0, len(lower))] if any(sign in lower for sign in form.signs) else []
    return {place for sign in form.signs for place in _lines(lower, sign)}


def _lines(lower: str, sign: str) -> Iterator[tuple[int, int]]:
    at = lower.find(sign)
    while at >= 0:
        start, end = lower.rfind("\n", 0, at) + 1, lower.find("\n", at)
        end = len(lower) if end < 0 else end
        yield start, end
        at = lower.find(sign, end)


# A flag of an enumeration takes as long to compare as the search does.
_DOTALL = int(re.DOTALL)


def _form(kind: str, signs: str, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Form:
    return Form(kind, tuple(signs.split()), re.compile(pattern, flags))


_W = "[A-Za-z0-9_-]"
# What names a key, in front of the value.
_KEY_NAME = (
    r"(?:(?:api|access|secret|private|auth|account|encryption|signing|master|shared|mistral|codestral|openai)"
    r"[_-]?key|token|secret|credentials?)"
)
_KEY_SIGNS = "key token secret credential"
_GIVEN = r"""["'\]]{0,2}[ \t]{0,20}(?::[ \t]{0,4}\w{1,20}[ \t]{0,4}=|:=|=>|[=:])[ \t]{0,20}"""
_NEXT = r"""["'],[ \t]{0,20}"""
_QUOTE = r"""[bruBRU]{0,2}["'`]"""
# Letters and digits with nothing between; or with something, as names have it, and then more digits.
_RANDOM = (
    r"(?:(?=[A-Za-z+/=]{0,99}\d)(?=[0-9+/=]{0,99}[A-Za-z])[A-Za-z0-9+/=]{16,}"
    r"|(?=(?:[A-Za-z+/=_-]{0,99}\d){2})(?=[0-9+/=_-]{0,99}[A-Za-z])[A-Za-z0-9+/=_-]{16,})"
)
_BARE = (
    r"(?=(?:[A-Za-z+/=-]{0,99}\d){2})(?=[0-9+/=-]{0,99}[A-Za-z])"
    r"""[A-Za-z0-9+/=-]{20,512}(?=$|[\s"'`;,&#<)\]}])"""
)
_PASSWORD_NAME = r"(?:passw(?:or)?d|passphrase|pwd)"
_PLAIN = r"[^\s\"'`{}$<>()%\[\],;]"

_FORMS: Final = (
    _form(
        "private key",
        "private",
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<it>.*?)(?=-----END [A-Z ]{0,20}PRIVATE KEY|\Z)",
        re.DOTALL,
    ),
    _form("key of OpenAI, Anthropic or a relay", "sk-", rf"\bsk-{_W}{{20,}}"),
    _form("GitHub token", "gh github_pat_", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})"),
    _form("GitLab token", "gl", rf"\bgl(?:pat|ptt|rt|dt|cbt|ft|soat)-{_W}{{20,}}"),
    _form("AWS key", "akia asia", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}"),
    _form("Google key", "aiza", rf"\bAIza{_W}{{35}}"),
    _form("Google token", "ya29. gocspx-", rf"\b(?:ya29\.|GOCSPX-){_W}{{20,}}"),
    _form("Slack token", "xox xapp-", r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{20,}"),
    _form(
        "webhook",
        "hooks.slack.com /webhooks/",
        r"(?:hooks\.slack\.com/(?:services|workflows)|discord(?:app)?\.com/api/webhooks)/(?P<it>[\w/-]{20,})",
    ),
    _form("Stripe key", "_live_ _test_ whsec_", r"\b(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{16,}"),
    _form("npm token", "npm_", r"\bnpm_[A-Za-z0-9]{36}"),
    _form("PyPI token", "pypi-", rf"\bpypi-AgE{_W}{{40,}}"),
    _form("Hugging Face token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    _form("Groq key", "gsk_", r"\bgsk_[A-Za-z0-9]{40,}"),
    _form("Replicate token", "r8_", r"\br8_[A-Za-z0-9]{37}"),
    _form("xAI key", "xai-", r"\bxai-[A-Za-z0-9]{40,}"),
    _form("Perplexity key", "pplx-", r"\bpplx-[A-Za-z0-9]{40,}"),
    _form("DigitalOcean token", "_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    _form("SendGrid key", "sg.", rf"\bSG\.{_W}{{16,64}}\.{_W}{{16,}}"),
    _form("Twilio key", "sk", r"\bSK[0-9a-f]{32}\b"),
    _form("Mailgun key", "key-", r"\bkey-[0-9a-f]{32}\b"),
    _form("Databricks token", "dapi", r"\bdapi[0-9a-f]{32}"),
    _form("Shopify token", "shp", r"\bshp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}"),
    _form("Vault token", "hvs. hvb.", rf"\bhv[sb]\.{_W}{{20,}}"),
    _form("age key", "age-secret-key-", r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    _form("Telegram token", ":aa", rf"\b\d{{8,10}}:AA{_W}{{33}}"),
    _form(
        "Azure storage key",
        "accountkey sharedaccesskey",
        r"(?i:Account|SharedAccess)Key=(?P<it>[\w+/=]{40,})",
    ),
    _form("signature of a URL", "sig=", r"[?&]sig=(?P<it>[A-Za-z0-9%+/=]{30,})"),
    _form("JSON web token", "eyj", rf"\beyJ{_W}{{15,1000}}\.eyJ[A-Za-z0-9_.-]{{35,}}"),
    _form(
        "bearer token",
        "bearer",
        rf"(?i:\bbearer)[ \t]{{1,4}}(?P<it>(?={_W}{{0,99}}\d)[A-Za-z0-9_.~+/=-]{{16,}})",
    ),
    _form(
        "basic authorization",
        "basic",
        r"(?i:\bbasic)[ \t]{1,4}(?P<it>(?=[A-Za-z+/]{0,99}\d)[A-Za-z0-9+/=]{12,})",
    ),
    _form(
        "password in an address",
        "://",
        r"://[^\s:/@\"'`<>]{0,100}:(?P<it>[^\s/@\"'`<>{}$%][^\s/@\"'`<>{}$]{0,200})@",
    ),
    _form("named key", _KEY_SIGNS, rf"(?i:{_KEY_NAME})(?:{_GIVEN}|{_NEXT}){_QUOTE}(?P<it>{_RANDOM})"),
    _form("named key", _KEY_SIGNS, rf"(?i:{_KEY_NAME}){_GIVEN}(?P<it>{_BARE})", re.MULTILINE),
    _form(
        "password",
        "passw passphrase pwd",
        rf"(?i:{_PASSWORD_NAME}){_GIVEN}{_QUOTE}(?P<it>{_PLAIN}{{4,128}})[\"'`]",
    ),
    _form(
        "password",
        "passw passphrase pwd",
        rf"^[ \t]{{0,20}}(?:export[ \t]{{1,9}})?[A-Z0-9_]{{0,60}}(?:PASSWORD|PASSWD|PASSPHRASE|PWD)="
        rf"(?P<it>{_PLAIN}{{4,128}})[ \t\r]{{0,9}}$",
        re.MULTILINE,
    ),
    _form(
        "password",
        "passw passphrase pwd",
        rf"^[ \t-]{{0,60}}[\w.-]{{0,60}}(?i:{_PASSWORD_NAME}):[ \t]{{1,9}}"
        rf"(?P<it>(?=\S{{0,99}}[\d!@#^&*])(?=\S{{0,99}}[A-Za-z]){_PLAIN}{{6,128}})[ \t\r]{{0,9}}$",
        re.MULTILINE,
    ),
)

_CUT: Final = (
    _form(
        "private key",
        "private",
        r"\A(?P<it>[A-Za-z0-9+/=\\\s\"',]{16,}?)-----END [A-Z ]{0,20}PRIVATE KEY",
        re.DOTALL,
    ),
    _form(
        "end of a key",
        "",
        r"\A(?=[A-Za-z+/=_-]{0,99}\d)(?=[0-9+/=_-]{0,99}[A-Za-z])[A-Za-z0-9+/=_-]{16,}",
    ),
    _form(
        "beginning of a key",
        "sk- gh glpat- akia aiza xox hf_ npm_ eyj",
        rf"\b(?:sk-|gh[pousr]_|github_pat_|glpat-|AKIA|AIza|xox[abeoprs]-|hf_|npm_|eyJ){_W}{{4,99}}\Z",
        re.DOTALL,
    ),
)

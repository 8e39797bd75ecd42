"""What the user is told: each sentence once, with the class of its error and when completions return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codestral_ls.core.model import BadReply, BadRequest, RateLimited, Unauthorized, Unavailable, Unreachable

if TYPE_CHECKING:
    from codestral_ls.core.model import ModelError


@dataclass(frozen=True)
class Told:
    """`sentence` holds `{host}`, the seconds of patience with a connection (`{connect}`), with silence
    (`{seconds}`) and with a whole answer (`{total}`), and `{refused}`, a provider's word on refused keys.
    `form` is what the README has, where several share it.

    After `rest` seconds at most the next request is made; None: when the settings are read again.
    """

    kind: type[ModelError]
    sentence: str
    rest: float | None = 10.0
    form: str = ""
    when: str = "by themselves, within 10 s"


def refused(status: int, said: str, advice: str) -> Told:
    begin = "{host} refused the request (status"
    return Told(BadRequest, f"{begin} {status}){said}. {advice}", form=f"{begin} *n*): *its words*. {advice}")


def cannot(status: int, said: str = "") -> Told:
    begin, end = "{host} cannot answer now (status", "Completions return when it does."
    comma = f", {said}" if said else ""
    return Told(Unavailable, f"{begin} {status}{comma}). {end}", form=f"{begin} *n*, *its words*). {end}")


def limits(said: str, seconds: float | None = None) -> Told:
    begin = "{host} limits this key's requests:"
    if seconds is None:
        end, when = "Completions return soon.", "by themselves, within 10 s"
    else:
        end, when = f"Completions return in {seconds:g} s.", "after the time that it names"
    return Told(RateLimited, f"{begin} {said}. {end}", seconds or 10.0, f"{begin} *its words*. {end}", when)


def lasting(sentence: str, form: str = "") -> Told:
    return Told(Unauthorized, sentence, None, form, "when the settings change")


SILENT = Told(
    Unavailable,
    "{host} sent nothing for {seconds} s and was given up. Completions return when it answers.",
)
NO_END = Told(
    Unavailable,
    "{host} did not come to an end within {total} s and was given up. Completions return when it answers.",
)
BROKE_OFF = Told(Unavailable, "The connection to {host} broke off before the answer was complete. Ask again.")
CUT_OFF = Told(Unavailable, "The answer of {host} was cut off before its end. Ask again.")
GAVE_UP = Told(Unavailable, "{host} gave up in the middle of its answer: out of memory. Ask again.")
NOBODY = Told(
    Unreachable,
    "{host} cannot be reached: nothing answers there. Check that it runs and that base_url is right.",
)
NO_CONNECTION = Told(
    Unreachable, "{host} cannot be reached: no connection within {connect} s. Check the network."
)
NO_NAME = Told(Unreachable, "{host} cannot be reached: its name is unknown. Check the network and base_url.")
NO_LOOK_UP = Told(
    Unreachable, "{host} cannot be reached: its name could not be looked up. Check the network."
)
NO_TLS = Told(
    Unavailable,
    "{host} cannot be reached: no secure connection came about. "
    "Check whether base_url should begin with http://.",
)
NO_TRUST = Told(
    Unavailable,
    "{host} cannot be reached: its certificate is not trusted. "
    "Set SSL_CERT_FILE if a proxy opens secure connections.",
)
NOT_HTTP = Told(BadReply, "What {host} answers is not HTTP. Check base_url.")
DAMAGED = Told(
    BadReply,
    "The answer of {host} is damaged: its compression cannot be undone. Check the proxy on the way.",
)
TOO_MUCH = Told(BadReply, "{host} sends more than any answer needs and was given up. Check base_url.")
ENDLESS_LINE = Told(
    BadReply, "The model's host sent an endless line where events were expected. Check base_url."
)
HTML = Told(BadReply, "{host} answered with a web page instead of a stream. Check base_url.")
IN_ONE_PIECE = Told(BadReply, "{host} answered with JSON instead of a stream. Check base_url.")
ERROR_WITH_200 = Told(
    BadReply, "{host} answered with JSON instead of a stream: Model crashed. Check base_url."
)
NO_EVENT = Told(BadReply, "{host} sent an event that cannot be understood. Ask again.")
ENDLESS_JSON = Told(
    BadReply, "The model's host sent an endless line where JSON was expected. Check base_url."
)
NOT_LLAMA = Told(BadReply, "The server's answer is not that of llama.cpp. Check base_url.")
NOT_OLLAMA = Told(BadReply, "The server's answer is not that of Ollama. Check base_url.")
NO_REPLY = Told(BadReply, "{host} answered with status 204, which no model's host does. Check base_url.")
ELSEWHERE = Told(
    BadRequest,
    "{host} redirects elsewhere (status 307), where no key may follow. Check base_url.",
)
REFUSED_KEY = lasting("The key was refused by {host}.{refused}")
_DENIES = "{host} denies access: *its words*. Check the key's plan and permissions."
DENIED = lasting(
    "{host} denies access: Model not available on your plan. Check the key's plan and permissions.", _DENIES
)
DENIED_WITHOUT_A_WORD = lasting("{host} denies access. Check the key's plan and permissions.", _DENIES)
UNPAID = lasting("{host} wants to be paid: Insufficient Balance. Check the account's balance.")
NO_QUOTA = lasting("The account's quota at {host} is used up. Check its plan, or use another model.")
USED_UP = lasting("The key's allowance at {host} is used up for this month. Choose another model or plan.")
NO_ALLOWANCE = lasting(
    "The key has no allowance for this model at {host}, and waiting will not help. "
    "Choose another model or plan."
)

CHECK = "The same request will be refused again; check the settings."
CHOOSE = "Choose another model: one that fills in the middle."
SMALLER = "Set a smaller budget: the model cannot read so much."
ADDRESS = "Check base_url."

"""Every setting: its type, its default, what it means and who may set it (`core/schema.py`).

The tree of keys is the same in the user's file, the workspace's file, the editor and on the command line.
What stands beside a field here is the only description of it: the README's table is made from it.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

_RESTRICT = {"scope": "restrict"}
_CONFINE = {"scope": "confine"}

Provider = Literal["auto", "mistral", "ollama", "llamacpp", "openai", "embedded"]

Fim = Literal["auto", "template", "suffix", "infill", "chat"]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Which model, and how it is reached."""

    provider: Annotated[
        Provider,
        Meta(
            description="Who runs the model; `openai` is any server of OpenAI's protocol. `auto`: Mistral if"
            " there is a key, else a server found on this machine, else the embedded model."
        ),
    ] = "auto"
    model: Annotated[
        str, Meta(description="Name of the model, or path of a GGUF file. Empty: the provider's own default.")
    ] = ""
    base_url: Annotated[
        str, Meta(description="Another address of the provider's API, without `/v1`. Empty: its usual one.")
    ] = ""
    api_key_env: Annotated[
        str,
        Meta(description="The environment variable that holds the key, by name. Empty: the usual ones."),
    ] = ""
    timeout_s: Annotated[
        Annotated[float, Meta(ge=1, le=600)] | None,
        Meta(description="Seconds without a byte after which a host is given up. Unset: what suits it."),
    ] = None
    context_tokens: Annotated[
        Annotated[int, Meta(ge=512, le=1_000_000)] | None,
        Meta(description="The context to load an Ollama model with. Unset: 8192, or less if it has less."),
    ] = None
    keep_alive: Annotated[
        str, Meta(description="How long Ollama keeps the model loaded, such as `30m`; `-1` is for good.")
    ] = "30m"


def parse_fallback(text: str) -> Endpoint:
    """What an entry of `completion.fallback` means. Raises ValueError."""
    name, _, address = text.partition("@")
    provider, _, model = name.partition("/")
    if provider not in get_args(Provider) or provider == "auto":
        raise ValueError(text)
    return msgspec.convert({"provider": provider, "model": model, "base_url": address}, Endpoint)


class Completion(Endpoint, frozen=True, kw_only=True):
    """Completion while typing."""

    enabled: Annotated[
        bool, Meta(description="Whether anything is suggested at all.", extra_json_schema=_RESTRICT)
    ] = True
    fallback: Annotated[
        tuple[str, ...],
        Meta(
            description="Models to use while the first fails, is slow or costs too much, best first:"
            " `provider`, `provider/model` or `provider/model@address`."
        ),
    ] = ()
    hedge_ms: Annotated[
        int,
        Meta(
            ge=0,
            le=60_000,
            description="Milliseconds without a first token after which the next of `fallback` is asked, too,"
            " for at most one request in ten. 0: never.",
        ),
    ] = 1500
    fim: Annotated[
        Fim,
        Meta(
            description="How a hole is put to an `openai` or `llamacpp` server: in a template, as a"
            " `suffix` field, by llama.cpp's `/infill`, or as a question to a chat model. `auto`: what is"
            " known to work."
        ),
    ] = "auto"
    template: Annotated[
        str,
        Meta(
            description="A family of models whose template to use, such as `qwen2.5-coder`, or a template of"
            " your own with `{prefix}` and `{suffix}` in it. Empty: by the model's name."
        ),
    ] = ""
    stop: Annotated[
        tuple[str, ...], Meta(description="Texts that end an answer, beside those of the template.")
    ] = ()
    max_tokens: Annotated[
        Annotated[int, Meta(ge=1, le=4096)] | None,
        Meta(
            description="Longest reply. Unset: 48 to 160, by the lines that are wanted; local models: less."
        ),
    ] = None
    prefix_tokens: Annotated[
        Annotated[int, Meta(ge=16, le=100_000)] | None,
        Meta(description="How much text before the cursor is sent. Unset: what suits the model."),
    ] = None
    suffix_tokens: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)] | None,
        Meta(description="How much text after the cursor is sent. Unset: what suits the model."),
    ] = None
    multiline: Annotated[
        Literal["auto", "never"],
        Meta(description="Whether a suggestion may have several lines where the code asks for it."),
    ] = "auto"
    debounce_ms: Annotated[
        int,
        Meta(
            ge=0, le=2000, description="Milliseconds to wait for further typing, while another request runs."
        ),
    ] = 75
    min_chars: Annotated[
        int, Meta(ge=2, le=100, description="Shortest suggestion that is shown, in visible characters.")
    ] = 2
    candidates: Annotated[
        int,
        Meta(ge=1, le=5, description="Different suggestions to bring when asked by key, if the model can."),
    ] = 2
    menu: Annotated[
        Literal["auto", "always", "never"],
        Meta(description="Whether the menu gets an entry. `auto`: where the editor has no ghost text."),
    ] = "auto"
    menu_wait_ms: Annotated[
        int, Meta(ge=0, le=5000, description="Milliseconds that the menu may wait for the model's entry.")
    ] = 150
    max_file_kb: Annotated[
        int,
        Meta(
            ge=1,
            le=65_536,
            description="Files larger than this get no suggestions.",
            extra_json_schema=_RESTRICT,
        ),
    ] = 2048


class OwnAction(msgspec.Struct, frozen=True, kw_only=True):
    """A code action of the user's own. `languages` are LSP language ids; none is all."""

    title: Annotated[str, Meta(min_length=1, max_length=80)]
    instruction: Annotated[str, Meta(min_length=1, max_length=4000)]
    scope: Literal["selection", "definition", "file"] = "selection"
    languages: tuple[str, ...] = ()


class Chat(Endpoint, frozen=True, kw_only=True):
    """The chat models, for refactoring and for talk. What is unset is as for completion."""

    quick: Annotated[
        str,
        Meta(description="The model for small tasks, such as doc strings, by name. Empty: `chat.model`."),
    ] = ""
    heavy: Annotated[
        str, Meta(description="The model for large tasks, by name. Empty: the provider's best for code.")
    ] = ""
    language: Annotated[
        str,
        Meta(
            description="The language of explanations, doc strings and answers, such as `German`. Empty:"
            " English; in a chat, that of the question."
        ),
    ] = ""
    save: Annotated[
        bool, Meta(description="Whether conversations are kept on disk, in the state folder.")
    ] = False
    rounds: Annotated[
        int,
        Meta(ge=1, le=50, description="How often a refactoring over several files may look things up."),
    ] = 12
    actions: Annotated[
        tuple[OwnAction, ...],
        Meta(
            description="Code actions of your own: tables of `title`, `instruction`, `scope` (selection,"
            " definition or file) and `languages`."
        ),
    ] = ()


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """Replies of the model kept on disk."""

    disk: Annotated[
        bool,
        Meta(
            description="Whether replies are kept on disk, under a hash of the request.",
            extra_json_schema=_RESTRICT,
        ),
    ] = True
    size_mb: Annotated[int, Meta(ge=1, le=10_240, description="Most disk space for them, in MB.")] = 64
    days: Annotated[int, Meta(ge=1, le=365, description="Days after which a reply is forgotten.")] = 7


class Privacy(msgspec.Struct, frozen=True, kw_only=True):
    """Where code may go, and which never leaves, beside files whose names say that they hold secrets."""

    local_only: Annotated[
        bool,
        Meta(
            description="Whether code may go to this machine only, whatever else is set.",
            extra_json_schema=_CONFINE,
        ),
    ] = False
    region: Annotated[
        Literal["any", "eu", "us"],
        Meta(
            description="Where the host that code goes to has to be. `eu` and `us` allow Mistral's host"
            " there, and the hosts that you vouch for in `privacy.hosts`.",
            extra_json_schema=_CONFINE,
        ),
    ] = "any"
    hosts: Annotated[
        tuple[str, ...],
        Meta(
            description="If not empty, code goes to these hosts and to this machine only. A host named here"
            " may also be reached by plain http."
        ),
    ] = ()
    gitignore: Annotated[
        bool,
        Meta(
            description="Whether files that `.gitignore` names are kept from every model, as those of"
            " `.codestralignore` are.",
            extra_json_schema=_CONFINE,
        ),
    ] = True
    ignore: Annotated[
        tuple[str, ...],
        Meta(
            description="Files that are never sent, as gitignore patterns. Those of all places are added up.",
            extra_json_schema=_RESTRICT,
        ),
    ] = ()


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """US dollars for a million tokens, and where the figures come from. Unset, cached input costs a tenth."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]
    cached: Annotated[float, Meta(ge=0)] | None = None
    source: str = ""


_Limit = Annotated[float, Meta(ge=0, le=1_000_000)] | None


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What may be spent. Beyond it, only models that cost nothing are asked."""

    daily_usd: Annotated[_Limit, Meta(description="Most US dollars a day. Unset: no limit.")] = None
    daily_eur: Annotated[_Limit, Meta(description="Most euros a day. Unset: no limit.")] = None
    monthly_usd: Annotated[_Limit, Meta(description="Most US dollars a month. Unset: no limit.")] = None
    monthly_eur: Annotated[_Limit, Meta(description="Most euros a month. Unset: no limit.")] = None
    usd_per_eur: Annotated[
        Annotated[float, Meta(ge=0.1, le=10)],
        Meta(description="Dollars for a euro. The default is that of Mistral's two price lists."),
    ] = 1.15
    prices: Annotated[
        dict[str, Price],
        Meta(
            description="Prices by model, or by `host/model`, before those known: tables of `input`, `output`"
            " and `cached` in dollars a million tokens, and `source`."
        ),
    ] = {}


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """The server's log. It never holds source code or keys."""

    level: Annotated[
        Literal["error", "warning", "info", "debug"], Meta(description="How much is written to the log.")
    ] = "warning"
    file: Annotated[str, Meta(description="File the log is appended to. Empty: standard error.")] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting at one moment."""

    completion: Completion = Completion()
    chat: Chat = Chat()
    cache: Cache = Cache()
    privacy: Privacy = Privacy()
    budget: Budget = Budget()
    log: Log = Log()

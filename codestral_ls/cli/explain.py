"""`codestral-ls doctor --explain FILE`: what of a file would leave this machine, to whom, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from codestral_ls.cli.place import Place, site_of
from codestral_ls.cli.session import session
from codestral_ls.cli.terminal import print_json

if TYPE_CHECKING:
    import argparse

    from codestral_ls.app import App
    from codestral_ls.core.config import Completion, Endpoint
    from codestral_ls.core.exclusion import Exclusion
    from codestral_ls.core.model import Profile
    from codestral_ls.core.prompt import Site

WITHHELD = 1


async def explain(args: argparse.Namespace) -> int:
    """Tell what would be sent. Nothing of the file is, and no model is asked for anything."""
    place = Place.of(args.explain)
    async with session(args, place.roots, fetches=False) as app:
        findings = await _findings(app, place)
    if args.json:
        print_json(findings)
    else:
        _show(findings)
    return 0 if findings["sent"] else WITHHELD


async def _findings(app: App, place: Place) -> dict[str, Any]:
    findings: dict[str, Any] = {"file": str(place.path), "sent": False}
    if excluded := app.workspace.why_excluded(place.whole):
        return findings | {"because": excluded.reason, "rule": _rule(excluded)}
    site = site_of(place)
    if why := _why_not(app, site):
        return findings | {"because": why}
    completion = app.settings.completion
    models = [await _model(app, endpoint) for endpoint in _endpoints(completion)]
    usable = [model for model in models if model["profile"]]
    profile = usable[0]["profile"] if usable else None
    window = _window(site, profile, completion) if profile else None
    told = [{key: value for key, value in model.items() if key != "profile"} for model in models]
    because = "nothing keeps it back" if usable else "there is no model that it could go to"
    return findings | {"sent": bool(usable), "because": because, "models": told, "window": window}


def _rule(excluded: Exclusion) -> dict[str, object] | None:
    if not excluded.pattern:
        return None
    return {"source": excluded.source, "line": excluded.line, "pattern": excluded.pattern}


def _why_not(app: App, site: Site) -> str | None:
    """What else keeps every file back, or this one."""
    completion = app.settings.completion
    if app.unclear:
        return f"nothing is sent until this is mended: {app.unclear}"
    if not completion.enabled:
        return "completion.enabled is false"
    if site.document.length > completion.max_file_kb * 1024:
        return f"it is larger than completion.max_file_kb allows, {completion.max_file_kb:,} kB"
    return app.workspace.why_refused(site.document)


def _endpoints(completion: Completion) -> list[Endpoint]:
    from codestral_ls.core.config import parse_fallback

    return [completion, *map(parse_fallback, completion.fallback)]


async def _model(app: App, endpoint: Endpoint) -> dict[str, Any]:
    """Where code would go, or why it cannot."""
    from codestral_ls.core.model import ModelError
    from codestral_ls.providers.embedded import profile_of

    try:
        choice = await app.chosen(endpoint)
        if choice.install:
            profile = profile_of(choice.install)
        else:
            model = choice.connect()
            profile = model.profile
            await model.aclose()
    except ModelError as error:
        return {"says": error.message, "profile": None}
    # Not every provider looks at the rules before its first request.
    scheme = urlsplit(endpoint.base_url).scheme or "https"
    if profile.host and (refused := app.reach.why_refused(scheme, profile.host)):
        return {"says": refused, "profile": None}
    return {
        "model": profile.label,
        "host": profile.host or None,
        "because": choice.why,
        "installed": choice.install is None,
        "allowed_because": app.reach.why_allowed(profile.host),
        "profile": profile,
    }


def _window(site: Site, profile: Profile, completion: Completion) -> dict[str, Any]:
    """What would be sent at the site, by the rules of the completion path for a first request there."""
    from codestral_ls.core.prompt import Budget, TokenScale, window, window_start
    from codestral_ls.core.redaction import secrets_in_window
    from codestral_ls.core.syntax import definition_lines, parse_window

    scale = TokenScale()
    before, behind = completion.prefix_tokens, completion.suffix_tokens
    budget = Budget(
        scale.characters(profile.prefix_tokens if before is None else before),
        scale.characters(profile.suffix_tokens if behind is None else behind),
    )
    line, column = site.position
    parsed = parse_window(site.document, line)
    start = window_start(site, budget, definition_lines(parsed) if parsed else ())
    view = window(site, budget, start)
    text = view.prefix + view.typed + view.suffix
    return {
        "at": {"line": line + 1, "column": column + 1},
        "lines": [site.document.position_at(start)[0] + 1, line + 1 + view.suffix.rstrip("\n").count("\n")],
        "characters_before": len(view.prefix) + len(view.typed),
        "characters_behind": len(view.suffix),
        "tokens": round(len(text) / scale.measured),
        "blanked_out": dict(Counter(secret.kind for secret in secrets_in_window(text))),
    }


def _show(findings: dict[str, Any]) -> None:
    verdict = "may be sent" if findings["sent"] else "is not sent"
    print(f"{findings['file']} {verdict}, because {findings['because']}.")
    if rule := findings.get("rule"):
        print(f"The rule: {rule['pattern']}, line {rule['line']} of {rule['source']}.")
    for model in findings.get("models", ()):
        print(_sentence(model))
    if window := findings.get("window"):
        _show_window(window)


def _sentence(model: dict[str, Any]) -> str:
    if "says" in model:
        return f"Not possible: {model['says']}"
    fetched = "" if model["installed"] else ", once it is fetched"
    return (
        f"To {model['model']}{fetched}, because {model['because']}. Allowed, as {model['allowed_because']}."
    )


def _show_window(window: dict[str, Any]) -> None:
    first, last = window["lines"]
    at, blanked = window["at"], window["blanked_out"]
    before, behind = window["characters_before"], window["characters_behind"]
    print(
        f"At line {at['line']}, column {at['column']}: lines {first} to {last}, {before:,} characters before"
        f" it and {behind:,} behind, about {window['tokens']:,} tokens."
    )
    kinds = ", ".join(f"{count} × {kind}" for kind, count in blanked.items())
    print(f"Blanked out: {kinds}." if kinds else "Nothing there looks like a key or a password.")

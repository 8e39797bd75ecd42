"""Comments, strings and block openers by their looks: for text that has no grammar or does not parse."""

from __future__ import annotations

import re
from functools import lru_cache

_DELIMITERS = {
    "//": ("comment", "//", r"[^\n]*", r"\n"),
    "/*": ("comment", r"/\*", r".*?", r"\*/"),
    "#": ("comment", "#", r"[^\n]*", r"\n"),
    "--": ("comment", "--", r"[^\n]*", r"\n"),
    ";": ("comment", ";", r"[^\n]*", r"\n"),
    "%": ("comment", "%", r"[^\n]*", r"\n"),
    "<!--": ("comment", "<!--", r".*?", r"-->"),
    "{-": ("comment", r"\{-", r".*?", r"-\}"),
    '"""': ("string", '"""', r".*?", '"""'),
    "'''": ("string", "'''", r".*?", "'''"),
    '"': ("string", '"', r'(?:\\.|[^"\\\n])*', '"'),
    "'": ("string", "'", r"(?:\\.|[^'\\\n])*", "'"),
    "`": ("string", "`", r"(?:\\.|[^`\\])*", "`"),
}
_CLOSERS = {"/*": " */", "<!--": " -->", "{-": " -}"}
_C_LIKE = "// /* \" '"
_LEXIS = {
    grammar: lexis
    for lexis, grammars in {
        "# \"\"\" ''' \" '": "python starlark gdscript nim",
        "# \" '": "ruby perl r elixir bash fish yaml toml make cmake dockerfile nix powershell hcl terraform",
        '# """ "': "julia",
        "// /* ` \" '": "javascript typescript tsx go astro svelte vue",
        '// /* """ "': "rust kotlin scala swift java zig",
        "// /* # \" '": "php",
        "-- \" '": "lua luau",
        "-- /* \" '": "sql",
        '-- {- "': "haskell elm purescript agda",
        '; "': "clojure commonlisp elisp scheme racket fennel asm ini",
        "%": "latex erlang matlab",
        '<!-- "': "html xml",
        '"': "ocaml fsharp json",
        "<!--": "markdown",
        "": "plaintext csv diff",
    }.items()
    for grammar in grammars.split()
}

_BRACKETS = r"[\[({]$|[=-]>$"
_COLON = r"|:$"
_WORDS = r"|\b(?:do|then|else|begin|repeat)$"
_CASES = r"|^(?:case\b.*|default):$"
_HEADS = r"|^(?:def|class|module|if|unless|while|until|case|begin|for|function|struct|elsif|elseif|elif)\b"
_OPENERS = {
    grammar: opener
    for opener, grammars in {
        _BRACKETS + _COLON: "python starlark gdscript nim yaml",
        _BRACKETS + _WORDS + _HEADS: "ruby julia",
        _BRACKETS + _WORDS: "bash fish elixir haskell elm ocaml pascal sql make vim",
        _BRACKETS + _WORDS + r"|\bfunction\b[^()]*\([^()]*\)$": "lua luau",
        r"(?!)": "plaintext markdown latex csv diff rst",
    }.items()
    for grammar in grammars.split()
}


@lru_cache(maxsize=64)
def lexer(grammar: str) -> re.Pattern[str]:
    """Matches comments and strings one after the other.

    One that the text's end leaves open matches a group, whose name begins with `comment` or `string`.
    """
    delimiters = [_DELIMITERS[name] for name in _LEXIS.get(grammar, _C_LIKE).split()]
    parts = [
        f"{start}{body}{end}|(?P<{kind}{number}>{start}{body}\\Z)"
        for number, (kind, start, body, end) in enumerate(delimiters)
    ]
    return re.compile("|".join(parts) or "(?!)", re.DOTALL)


def comment_line(grammar: str, text: str) -> str:
    """A comment that says `text`, which is one line; as in Python where the language has none."""
    delimiters = _LEXIS.get(grammar, _C_LIKE).split()
    mark = next((name for name in delimiters if _DELIMITERS[name][0] == "comment"), "#")
    return f"{mark} {text}{_CLOSERS.get(mark, '')}"


@lru_cache(maxsize=64)
def opener(grammar: str) -> re.Pattern[str]:
    """Finds what opens a block at the end of a line that is bare of its comment and of outer blanks."""
    return re.compile(_OPENERS.get(grammar, _BRACKETS + _CASES))

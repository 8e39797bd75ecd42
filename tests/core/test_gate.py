"""Whether a place is worth a request: █ is the cursor, ⟦ is where the typing began."""

from __future__ import annotations

import pytest

from codestral_ls.core.gate import Burst, typed_on, worth_asking
from codestral_ls.core.prompt import Site
from codestral_ls.core.text import Document, Edit, Span, apply_edits

WORTH = {
    "end of a line": ("total = █\nmore\n", True),
    "in a word": ("to█tal = 1\nmore\n", False),
    "before a closer": ("print(█)\nmore text\n", True),
    "before a closing quote and bracket": ('d["█"]\nmore text\n', True),
    "before signs only": ('"text": "Custom█.",\nmore text\n', True),
    "before arguments": ("foo(█, bar)\nmore\n", True),
    "in a name before other code": ("const def█ = get()\nmore\n", True),
    "behind a call, before other code": ("foo()█ + bar\nmore\n", False),
    "typed before a statement": ("    ⟦const refs = █ls.find()\nmore\n", False),
    "a word typed before a word": ("f(x: ⟦read█Definition)\nmore\n", False),
    "before an opening bracket": ("function read█(path) {\nmore\n", False),
    "before an operator": ("total = █ + rest\nmore\n", True),
    "blank line": ("def f():\n    █\n", True),
    "behind a call": ("compute(x)█\nmore text\n", False),
    "behind a statement": ("compute(x);█\nmore text\n", False),
    "behind a comma": ("[1, 2,█\nmore text\n", True),
    "nearly empty": ("a█", False),
    "minified": ("x" * 1001 + "█\n", False),
}


@pytest.mark.parametrize(("marked", "worth"), WORTH.values(), ids=WORTH)
@pytest.mark.parametrize("eager", [False, True])
def test_worth_asking(marked, worth, eager):
    worth = worth or (eager and marked in EAGERLY)
    began = marked.find("⟦")
    plain = marked.replace("⟦", "")
    offset = plain.index("█")
    text = plain.replace("█", "")
    site = Site(Document.of("file:///a.py", "python", 1, text), offset)
    assert worth_asking(site, Burst(offset if began < 0 else began, offset, len(text)), eager=eager) is worth


EAGERLY = {WORTH["typed before a statement"][0]}


def after(edits: list[tuple[int, int, str, int]]) -> Burst:
    """The burst after edits (start, end, text, cursor), with a request after each."""
    document = Document.of("file:///a.py", "python", 0, "x = 1\ny = 2\n")
    burst = typed_on(None, Site(document, 5))
    for start, end, text, cursor in edits:
        document = apply_edits(document, [Edit(Span(start, end), text)], document.version + 1)
        burst = typed_on(burst, Site(document, cursor))
    return burst


BURSTS = {
    "nothing yet": ([], 5, 0.0),
    "a key": ([(5, 5, "a", 6)], 5, 0.0),
    "three keys": ([(5, 5, "a", 6), (6, 6, "b", 7), (7, 7, "c", 8)], 5, 0.0),
    "a bracket that the editor closes": ([(5, 5, "a", 6), (6, 6, "()", 7)], 5, 0.0),
    "a key elsewhere": ([(5, 5, "a", 6), (10, 10, "b", 11)], 10, 0.0),
    "a deletion": ([(5, 5, "a", 6), (5, 6, "", 5)], 5, 0.3),
    "a key after a deletion": ([(4, 5, "", 4), (4, 4, "2", 5)], 4, 0.0),
    "a paste": ([(5, 5, "a" * 100, 105)], 5, 0.3),
}


@pytest.mark.parametrize(("edits", "start", "quiet"), BURSTS.values(), ids=BURSTS)
def test_bursts(edits, start, quiet):
    burst = after(edits)
    assert (burst.start, burst.quiet) == (start, quiet)

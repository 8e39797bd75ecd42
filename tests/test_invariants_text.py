"""The invariants that hold for any text; `test_invariants` has the table."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from itertools import accumulate, pairwise
from os.path import commonprefix
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import codestral_ls
from codestral_ls.core.model import Profile
from codestral_ls.core.polish import Hole, polish
from codestral_ls.core.prompt import Site
from codestral_ls.core.suggestion import Reply, know
from codestral_ls.core.text import Document
from codestral_ls.items import ghost_text
from tests.engine.conftest import Rig, site, typed
from tests.engine.scripted import ScriptedModel

ROOT = Path(codestral_ls.__file__).parents[1]
SOURCE = (ROOT / "codestral_ls" / "core" / "text.py").read_text("utf-8")
UNITS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

pieces = st.sampled_from(
    [
        "    ",
        "\t",
        " ",
        "x = ",
        "total",
        "é",
        "😀",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ":",
        ";",
        "'",
        "\f",
        "\u2028",
        "\x85",
    ]
)
lines = st.lists(pieces, max_size=8).map("".join)
brackets = st.lists(st.sampled_from([*"()[]{}", "a", " ", ", ", "\n", "\n    ", ";"]), max_size=16).map(
    "".join
)
nested = st.recursive(
    st.sampled_from(["", "a", "a, ", "\n    ", ";\n", " "]),
    lambda inner: (
        st.lists(inner, max_size=4).map("".join)
        | st.builds("{0[0]}{1}{0[1]}".format, st.sampled_from(["()", "[]", "{}"]), inner)
    ),
)


def texts(eol):
    return st.lists(lines, max_size=6).map(eol.join)


def naively_applied(text, item, encoding):
    """An edit as a client that knows nothing of ours applies it: LSP's lines, and units counted in bytes."""
    codec, size = UNITS[encoding]
    rows = text.replace("\r\n", "\n").split("\n")
    assert item.range.start.line == item.range.end.line
    row = rows[item.range.start.line].encode(codec)
    start, end = item.range.start.character * size, item.range.end.character * size
    assert 0 <= start <= end <= len(row)
    rows[item.range.start.line] = row[:start].decode(codec) + item.insert_text + row[end:].decode(codec)
    return "\n".join(rows).replace("\r\n", "\n")


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(["single", "multi"]),
)
def test_5_the_edit_gives_exactly_prefix_text_and_suffix(data, eol, encoding, mode):
    """5: what is replaced is blanks left of the cursor, or right of it what the text has itself."""
    before, after = data.draw(texts(eol)), data.draw(texts(eol))
    reply = data.draw(texts("\n"))
    place = Site(Document.of("file:///a.py", "python", 1, before + after), len(before))
    known = know(place, Reply("id", reply, "stop", mode), Profile("a", "a model"), 2)
    suggestion = known.at(place, "model")
    if suggestion is None:
        return
    left, right = place.offset - suggestion.span.start, suggestion.span.end - place.offset
    (item,) = ghost_text(place.document, [suggestion], encoding).items
    whole = before[: len(before) - left] + suggestion.text + after[right:]
    assert naively_applied(before + after, item, encoding) == whole.replace("\r\n", "\n")
    assert not before[len(before) - left :].strip(" \t")
    assert min(left, right) >= 0


def surplus(text):
    """Closing brackets that nothing before them opened, of each kind."""
    found = {}
    for opener, closer in ("()", "[]", "{}"):
        depths = accumulate((character == opener) - (character == closer) for character in text)
        found[closer] = max(0, -min(depths, default=0))
    return found


@settings(max_examples=500, deadline=None)
@given(nested, st.floats(0, 1), brackets, st.sampled_from(["single", "multi"]))
def test_9_no_closing_bracket_too_many(text, share, reply, mode):
    """9: in a document whose brackets are well, whatever the model says."""
    cut = round(len(text) * share)
    before, after = text[:cut], text[cut:]
    polished = polish(reply, Hole(before, after, "python", mode))
    if polished:
        left = before[: len(before) - polished.replace_left]
        assert surplus(left + polished.text + after[polished.replace_right :]) == surplus("")


async def prompts(places):
    """What is sent at some places, one after the other."""
    rig = Rig(ScriptedModel(), debounce=0.0)
    for number, place in enumerate(places):
        asked = asyncio.create_task(rig.completer.complete(place, "invoked"))
        (await rig.model.call(number)).end("")
        await asked
    await rig.completer.aclose()
    rig.ledger.close()
    return [call.request for call in rig.model.calls]


def places_everywhere():
    lot = random.Random(1)
    for name in ("a", "b"):
        for _ in range(20):
            at = lot.randrange(len(SOURCE))
            yield Site(Document.of(f"file:///{name}.py", "python", 1, SOURCE), at)


def printed_prompts():
    """The prompts of one process, but for the session's own key."""
    for request in asyncio.run(prompts(list(places_everywhere()))):
        print([getattr(request, name) for name in request.__slots__ if name != "cache_key"])


def test_10_same_state_same_prompt():
    """10: in processes whose sets and dictionaries have another order."""
    command = [sys.executable, "-c", "from tests.test_invariants_text import printed_prompts as p; p()"]
    said = [
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert said[0].stdout.count(b"\n") == 40
    assert said[0].stdout == said[1].stdout


async def test_10_the_cache_key_is_the_document_s():
    """10: the same for each request of a document, another for each document and session."""
    one, other = [await prompts(list(places_everywhere())) for _ in range(2)]
    assert len({request.cache_key for request in (*one, *other)}) == 4
    assert len({request.cache_key for request in one[:20]}) == 1


MIDDLE = SOURCE.index("\n", len(SOURCE) // 2) + 1
PLACES = {
    "at the end": f"{SOURCE}█",
    "in the middle": f"{SOURCE[:MIDDLE]}    █\n{SOURCE[MIDDLE:]}",
    "above everything": f"█\n{SOURCE}",
    "with a bracket behind": f"{SOURCE[:MIDDLE]}    call(█)\n{SOURCE[MIDDLE:]}",
    "with CRLF": f"{SOURCE[:MIDDLE]}    █\n{SOURCE[MIDDLE:]}".replace("\n", "\r\n"),
    "in a far larger file": f"{SOURCE * 40}█\n{SOURCE}",
}


@pytest.mark.parametrize("marked", PLACES.values(), ids=PLACES)
async def test_11_consecutive_prompts_share_nine_tenths(marked):
    """11: as Codestral reads them, the suffix first."""
    places = [site(marked)]
    for key in "total = sum(item.price for item in items) + shipping.cost":
        places.append(typed(places[-1], key))
    sent = [request.suffix + request.prefix + request.typed for request in await prompts(places)]
    shares = [len(commonprefix(pair)) / len(pair[0]) for pair in pairwise(sent)]  # noqa: RUF071
    assert len(sent[0]) > 500
    assert min(shares) >= 0.9

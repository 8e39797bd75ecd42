"""Actions that are to change no code, and models that change some: asked once more, then held to it."""

from __future__ import annotations

import pytest

from codestral_ls.core.correction import WRONG
from codestral_ls.core.refusal import Refused
from tests.engine.talking import TalkingModel, after, chosen, desk, placed

CODE = """def total(items):
    # Zählt zusammen.
    r█esult = 0
    for item in items:
        result = result + item.price
    return result
"""
PLAIN = CODE.replace("█", "").rstrip("\n")
DOC = '    """The sum."""\n'
GOOD = {
    "document": PLAIN.replace("items):\n", f"items):\n{DOC}"),
    "translate": PLAIN.replace("Zählt zusammen.", "Adds up."),
    "document-file": PLAIN.replace("items):\n", f"items):\n{DOC}"),
    "rename": PLAIN.replace("result", "amount"),
}
BAD = {name: code.replace(" + item.price", " + item.price * 2") for name, code in GOOD.items()}
COMMENTS_ONLY = ("document", "translate", "document-file")


async def proposed(name: str, *replies: str, code: str = CODE, language: str = "python"):
    """What the model's replies come to, the document, and the texts of the last request."""
    document, selection = placed(code, language=language)
    model = TalkingModel(*(f"```python target\n{reply}\n```" for reply in replies))
    async with desk(model) as here:
        here.workspace.open(document)
        try:
            proposal = await here.refactorer.propose(document, chosen(name, document, selection))
        except Refused as refused:
            return refused, document, model.requests
    return proposal, document, model.requests


@pytest.mark.parametrize("name", GOOD)
async def test_what_keeps_the_promise_is_taken_at_once(name):
    proposal, document, requests = await proposed(name, GOOD[name])
    assert after(proposal, document) == f"{GOOD[name]}\n"
    assert (len(requests), proposal.notes) == (1, ())


@pytest.mark.parametrize("name", GOOD)
async def test_the_model_is_told_and_mends_it(name):
    proposal, document, requests = await proposed(name, BAD[name], GOOD[name])
    assert after(proposal, document) == f"{GOOD[name]}\n"
    told = requests[1].messages[-1].text
    assert WRONG["names" if name == "rename" else "code"].rstrip(".") in told
    row = 1 + BAD[name].split("\n").index("        " + BAD[name].split("        ")[1].split("\n")[0])
    assert f"near line {row} of the span" in told
    assert proposal.notes == ()


@pytest.mark.parametrize("name", COMMENTS_ONLY)
async def test_of_a_model_that_insists_only_the_comments_are_taken(name):
    proposal, document, requests = await proposed(name, BAD[name])
    assert after(proposal, document) == f"{GOOD[name]}\n"
    assert len(requests) == 2
    assert "left out" in proposal.notes[0]


REFUSED = {
    "no comment at all": ("document", PLAIN.replace("item.price", "item.tax"), "code"),
    "more than names": ("rename", BAD["rename"], "names"),
    "code that became a comment": ("translate", PLAIN.replace("    return", "    # return"), "code"),
}


@pytest.mark.parametrize(("name", "reply", "reason"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_saved_is_refused(name, reply, reason):
    refused, _, requests = await proposed(name, reply)
    assert isinstance(refused, Refused)
    assert refused.reason == reason
    assert len(requests) == 2


async def test_where_no_parser_tells_the_user_is_told():
    code = "fun two(): Int {\n    ret█urn 2\n}\n"
    reply = "/** Two. */\nfun two(): Int {\n    return 2\n}"
    proposal, document, _ = await proposed("document", reply, code=code, language="kotlin")
    assert after(proposal, document) == f"{reply}\n"
    assert "whether more was changed" in proposal.notes[0]


@pytest.mark.parametrize("name", ["simplify", "types", "modernise"])
async def test_other_actions_may_change_code(name):
    proposal, document, requests = await proposed(name, BAD["document"])
    assert after(proposal, document) == f"{BAD['document']}\n"
    assert len(requests) == 1

"""Refactorings over the real core, with a chat model that says what a test tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codestral_ls.core.actions import ACTIONS, user_action
from codestral_ls.core.applicable import applicable
from codestral_ls.core.config import Budget
from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.model import BadRequest, NotAllowed, Usage
from codestral_ls.core.refusal import Refused
from codestral_ls.core.text import Edit, Span, apply_edits
from codestral_ls.engine.ledger import Reader
from tests.engine.talking import TalkingModel, after, chosen, desk, placed

CART = """import os

# Adds things up.
def total(items):
    # TODO: skip what costs nothing
    t█otal = 0
    for item in items:
        total = total + item.price
    return total


def other():
    return 1
"""
SELECTED = CART.replace("t█otal = 0", "█total = 0█")
FUNCTION = '''# Adds things up.
def total(items):
    """The sum of the prices."""
    return sum(item.price for item in items)'''
FENCED = f"```python target\n{FUNCTION}\n```\n"
REWRITTEN = f"import os\n\n{FUNCTION}\n\n\ndef other():\n    return 1\n"
DOCUMENTED = CART.replace("█", "").replace("items):\n", 'items):\n    """The sum of the prices."""\n')
RENAMED = CART.replace("█", "").replace(" total ", " amount ").replace("return total", "return amount")
WANTED = {"code": REWRITTEN, "comments": DOCUMENTED, "names": RENAMED}
WHOLE_FILE = ("translate", "document-file")


def as_json(**spans: str) -> str:
    return json.dumps({"replacements": [{"span": name, "text": text} for name, text in spans.items()]})


async def proposed(model, name, marked=CART, request="", problem="", **rest):
    document, selection = placed(marked, **rest)
    async with desk(model) as here:
        here.workspace.open(document)
        choice = chosen(name, document, selection, problem)
        return document, await here.refactorer.propose(document, choice, request)


@pytest.mark.parametrize("action", [a for a in ACTIONS if a.answer == "edit"], ids=lambda action: action.name)
async def test_an_action_rewrites_what_it_is_about(action):
    whole = action.scopes == ("file",)
    want = WANTED[action.changes]
    code = want if whole else want[want.index("# Adds") : want.index("\n\n\ndef other")]
    model = TalkingModel(f"```python target\n{code.rstrip()}\n```\n")
    marked = SELECTED if action.needs == "selection" else CART
    problem = "total is odd" if action.name == "fix" else ""
    document, proposal = await proposed(model, action.name, marked, "Use `sum`.", problem)
    assert after(proposal, document) == proposal.changes[0].new_text == want
    assert proposal.title == action.title.replace("{problem}", problem).removesuffix(" …")
    assert (proposal.changes[0].version, proposal.text, proposal.notes) == (document.version, "", ())
    asked = model.requests[0].messages[1].text
    assert problem in asked
    assert ("Use `sum`." in asked) == action.asks


async def test_an_action_of_the_users_own():
    action = user_action("Shout", "Write names in capitals.", "definition")
    document, selection = placed(CART)
    [choice] = applicable(document, selection, actions=(action,))
    model = TalkingModel(FENCED)
    async with desk(model) as here:
        proposal = await here.refactorer.propose(document, choice)
    assert after(proposal, document) == REWRITTEN
    assert "Write names in capitals." in model.requests[0].messages[1].text


FORMS = {
    "a host of which nothing is known": ((), FENCED, ("user", False, True)),
    "one that takes a schema": (("schema",), as_json(target=FUNCTION), ("user", True, False)),
    "one that goes on with a reply": (("prefix",), f"{FUNCTION}\n```", ("assistant", False, True)),
    "one that does everything": (
        ("schema", "prefix", "prediction"),
        f"{FUNCTION}\n```",
        ("assistant", False, True),
    ),
}


@pytest.mark.parametrize(("features", "reply", "shape"), FORMS.values(), ids=FORMS)
async def test_the_form_is_what_the_host_takes(features, reply, shape):
    model = TalkingModel(reply, features=frozenset(features))
    document, proposal = await proposed(model, "simplify")
    assert after(proposal, document) == REWRITTEN
    [request] = model.requests
    last = request.messages[-1]
    assert (last.role, request.schema is not None, request.prediction is not None) == shape


async def test_a_schema_holds_two_spans_where_the_imports_may_change():
    reply = as_json(target=FUNCTION, imports="import os\nimport sys")
    model = TalkingModel(reply, features=frozenset({"schema", "prefix"}))
    document, proposal = await proposed(model, "instruct", request="Use sum.")
    assert after(proposal, document) == REWRITTEN.replace("import os", "import os\nimport sys")
    assert model.requests[0].schema is not None


async def test_an_explanation_changes_nothing():
    model = TalkingModel("It adds up **prices**.\n")
    document, selection = placed(CART)
    async with desk(model) as here:
        here.refactorer.language = "German"
        proposal = await here.refactorer.propose(document, chosen("explain", document, selection))
    assert (proposal.text, proposal.changes) == ("It adds up **prices**.", ())
    assert "in German" in model.requests[0].messages[1].text


async def test_tests_are_a_new_file_like_those_that_are_there(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_shop.py").write_text('TOKEN = "ghp_' + "a1" * 20 + '"\nclass TestShop: ...\n')
    uri = (tmp_path / "cart.py").as_uri()
    document, selection = placed(CART, uri=uri)
    model = TalkingModel("```python\ndef test_total():\n    assert total([]) == 0\n```")
    async with desk(model) as here:
        here.workspace.set_roots([tmp_path])
        proposal = await here.refactorer.propose(document, chosen("tests", document, selection))
    [change] = proposal.changes
    assert change.uri == (tmp_path / "tests" / "test_cart.py").as_uri()
    assert (change.old, change.version, change.edits) == (None, None, ())
    assert change.new_text == "def test_total():\n    assert total([]) == 0\n"
    assert proposal.reads == ("tests/test_shop.py 1–3",)
    system, asked = (message.text for message in model.requests[0].messages)
    assert "tests/test_cart.py" in system
    assert "class TestShop" in asked
    assert "a1a1" not in asked


async def test_a_file_that_is_nowhere_gets_no_tests():
    with pytest.raises(BadRequest, match="Save the file first"):
        await proposed(TalkingModel(FENCED), "tests", uri="untitled:Untitled-1")


async def test_what_the_user_did_not_say_is_asked_of_no_model():
    model = TalkingModel(FENCED)
    with pytest.raises(BadRequest, match="Say what is to be changed"):
        await proposed(model, "instruct", request="  ")
    assert model.requests == []


async def test_a_disabled_choice_says_why():
    model = TalkingModel(FENCED)
    with pytest.raises(BadRequest, match="There is no TODO here"):
        await proposed(model, "complete", CART.replace("TODO", "note"))
    assert model.requests == []


async def test_nothing_of_an_ignored_document_is_sent():
    document, selection = placed(CART)
    model = TalkingModel(FENCED)
    async with desk(model) as here:
        here.workspace.set_rules(IgnoreRules.of(["cart.py"]))
        here.workspace.open(document)
        with pytest.raises(NotAllowed, match=r"Nothing of this file is sent .* privacy\.ignore names it"):
            await here.refactorer.propose(document, chosen("simplify", document, selection))
    assert model.requests == []


async def test_beyond_the_budget_nothing_is_sent(tmp_path):
    document, selection = placed(CART)
    model = TalkingModel(FENCED, host="api.mistral.ai", model="codestral-latest")
    async with desk(model, tmp_path / "ledger.jsonl", Budget(daily_usd=0.000_01)) as here:
        choice = chosen("simplify", document, selection)
        proposal = await here.refactorer.propose(document, choice)
        assert proposal.bill.cost_usd == pytest.approx(100 * 0.3e-6 + 20 * 0.9e-6)
        assert proposal.bill.usage == Usage(100, 20)
        with pytest.raises(NotAllowed, match="daily_usd"):
            await here.refactorer.propose(document, choice)
    assert len(model.requests) == 1
    [record] = Reader(tmp_path / "ledger.jsonl")
    assert (record.task, record.outcome, record.prompt_tokens) == ("refactoring", "ok", 100)


KEY = "sk-" + "Zz9" * 12
WITH_KEY = f'def total(items):\n    █key = "{KEY}"\n    return ask(key, items)\n'


@pytest.mark.parametrize("count", [len(KEY), len(KEY) - 5, len(KEY) + 9])
async def test_a_key_is_not_sent_and_stays_as_it_is(count):
    """Models miscount a long run of x."""
    reply = f'```python target\ndef total(items):\n    key = "{"x" * count}"\n    return ask(items, key)\n```'
    model = TalkingModel(reply)
    document, proposal = await proposed(model, "simplify", WITH_KEY)
    assert after(proposal, document) == WITH_KEY.replace("█", "").replace("key, items", "items, key")
    assert not any(KEY in text for text in model.requests[0].texts)


async def test_a_change_of_a_key_is_refused():
    reply = '```python target\ndef total(items):\n    return ask("xxxxxxxxxxxxxxxxxxxxxxxx", items)\n```'
    with pytest.raises(Refused) as refused:
        await proposed(TalkingModel(reply), "simplify", WITH_KEY)
    assert refused.value.reason == "secret"


async def test_the_version_is_that_of_the_text_that_was_sent():
    document, selection = placed(CART)
    later = apply_edits(document, [Edit(Span(0, 0), "# new\n")], 4)
    async with desk(TalkingModel(FENCED)) as here:
        here.workspace.open(document)
        choice = chosen("simplify", document, selection)
        stages = []

        def report(stage, received):
            here.workspace.update(later)
            stages.append((stage, received))

        proposal = await here.refactorer.propose(document, choice, report=report)
    assert proposal.changes[0].version == document.version
    assert proposal.changes[0].old is document
    assert [stage for stage, _ in stages if stage != "writing"] == ["reading", "asking", "checking"]
    assert stages[-1] == ("checking", len(FENCED))


async def test_a_file_that_is_not_open_has_no_version():
    document, selection = placed(CART)
    async with desk(TalkingModel(FENCED)) as here:
        proposal = await here.refactorer.propose(document, chosen("simplify", document, selection))
    assert proposal.changes[0].version is None


@pytest.mark.parametrize(
    ("roots", "shown"),
    [
        ([], "cart.py"),
        (["/shop"], "src/cart.py"),
        (["/elsewhere"], "cart.py"),
        (["/shop/src", "/shop"], "src/cart.py"),
    ],
)
async def test_the_model_knows_the_path_in_the_workspace_only(roots, shown):
    document, selection = placed(CART, uri="file:///shop/src/cart.py")
    model = TalkingModel(FENCED)
    async with desk(model) as here:
        here.workspace.set_roots(map(Path, roots))
        await here.refactorer.propose(document, chosen("simplify", document, selection))
    assert f'<file path="{shown}"' in model.requests[0].messages[1].text


async def test_an_unknown_language_is_told_as_unchecked():
    document, proposal = await proposed(
        TalkingModel("```target\nTOTAL = b + a\n```"), "simplify", "█TOTAL = a + b█\n", language="cobol"
    )
    assert after(proposal, document) == "TOTAL = b + a\n"
    assert "not checked" in proposal.notes[0]

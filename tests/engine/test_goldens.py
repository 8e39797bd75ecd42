"""Every case of `fixtures/refactor` through the whole engine: a file, a reply, the file afterwards."""

import re

import pytest

from codestral_ls.core.actions import ACTIONS
from codestral_ls.core.applicable import Choice
from codestral_ls.core.model import Chunk
from codestral_ls.core.refusal import SENTENCES, Refused
from codestral_ls.core.text import Document
from codestral_ls.engine.write import write
from tests.core.rewrite_cases import CASES
from tests.engine.talking import TalkingModel, desk

BY_NAME = {action.name: action for action in ACTIONS}
BY_CHANGES = {"code": "simplify", "comments": "document", "names": "rename"}
SIX = {"python", "typescript", "go", "rust", "java", "c"}
REASONS = SENTENCES.keys() - {"unplaced", "moved", "endless", "long"}
"""Why a reply about one span may be refused. That one is too long is tested where long replies are made."""


def scripted(case):
    """A model that always gives the same reply, and takes what the case's form needs."""
    features = {"json": {"schema"}}.get(case.option("form"), {"prefix"} if case.option("begin") else set())
    finish = case.option("finish")
    chunk = Chunk(case.raw, None if finish == "cut off" else finish)
    return TalkingModel(chunk, features=frozenset(features))


async def outcome(case, file):
    """What a user gets to see who asks for it: nothing, or the reason for a refusal."""
    document = Document.of(file.as_uri(), case.language, 0, file.read_bytes().decode())
    action = BY_NAME["instruct" if case.option("imports") else BY_CHANGES[case.option("changes")]]
    choice = Choice(action, action.title, case.span, case.span)
    model = scripted(case)
    async with desk(model) as here:
        try:
            write((await here.refactorer.propose(document, choice, "Do it.")).changes, [file.parent])
        except Refused as refused:
            assert len(model.requests) <= 2
            return refused
    assert model.running == 0
    return None


@pytest.mark.parametrize("case", CASES)
async def test_the_file_afterwards(case, tmp_path, update_fixtures):
    if update_fixtures:
        pytest.skip("the fixtures are being written")
    file = tmp_path / "code"
    file.write_bytes(case.before.encode())
    refused = await outcome(case, file)
    assert file.read_bytes() == (case.before if case.want is None else case.want).encode()
    assert [each.name for each in tmp_path.iterdir()] == ["code"]
    assert (refused.reason if refused else None) == case.refused
    if refused:
        check_message(refused, case)


def check_message(refused, case):
    """It says why, and quotes nothing."""
    pattern = re.escape(SENTENCES[refused.reason]).replace(r"line\ \{line\}", r"line \d+")
    assert re.fullmatch(pattern, refused.message)
    code = {line.strip() for text in (case.before, case.raw) for line in text.splitlines()}
    assert not any(line in refused.message for line in code if len(line) > 3)
    if refused.reason == "syntax":
        assert 1 <= refused.line <= case.before.count("\n") + case.raw.count("\n") + 2


def test_the_goldens_are_of_every_kind():
    """At least 80 in the six languages, some applied and some refused in each, and for every reason."""
    goldens = [param.values[0] for param in CASES]
    assert len([golden for golden in goldens if golden.language in SIX]) >= 80
    assert {golden.language for golden in goldens if golden.want is not None} >= SIX
    for language in SIX:
        refused = {golden.refused for golden in goldens if golden.language == language}
        assert refused >= {"prose", "elided", "truncated", "syntax", "empty", "several"}
    assert {golden.refused for golden in goldens} - {None} == REASONS
    texts = [golden.before for golden in goldens if golden.want is not None]
    looks = {
        "CRLF": "\r\n",
        "tabs": "\n\t",
        "letters beyond ASCII": "[^\0-\x7f]",
        "no final newline": r"[^\n]\Z",
    }
    assert {name for name, look in looks.items() if any(re.search(look, t) for t in texts)} == looks.keys()
    assert "" in texts

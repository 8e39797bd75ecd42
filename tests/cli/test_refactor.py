"""`codestral-ls refactor` as a user types it, before a host that answers over HTTP."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from codestral_ls.cli import diff, main
from codestral_ls.cli.progress import progress
from codestral_ls.cli.terminal import printable
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

LINES = ("import os", "", "", "def total(items):", "    result = 0", "    for item in items:")
BEFORE = "\r\n".join((*LINES, "        result = result + item", "    return result"))
BODY = "    return sum(items)"
AFTER = f"import os\r\n\r\n\r\ndef total(items):\r\n{BODY}"
REPLY = f"```python target\ndef total(items):\n{BODY}\n```"
TESTS = "```python\ndef test_total():\n    assert total([]) == 0\n```"
DIFF = """\
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -2,7 +2,4 @@
 \r
 \r
 def total(items):\r
-    result = 0\r
-    for item in items:\r
-        result = result + item\r
-    return result
\\ No newline at end of file
+    return sum(items)
\\ No newline at end of file
"""


@pytest.fixture
def cart(tmp_path, monkeypatch):
    """A file below the working folder."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name.lower()))
    work = tmp_path / "work"
    (work / "shop").mkdir(parents=True)
    monkeypatch.chdir(work)
    file = work / "shop" / "cart.py"
    file.write_bytes(BEFORE.encode())
    return file


@pytest.fixture
def upstream(cart, tmp_path, monkeypatch):
    with in_thread(FakeMistral(REPLY)) as running:
        lines = (
            'provider = "mistral"',
            f'base_url = "{running.upstream.api_url}"',
            'api_key_env = "TEST_KEY"',
        )
        config = tmp_path / "config.toml"
        config.write_text("\n".join(("[completion]", *lines)))
        monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(config))
        monkeypatch.setenv("TEST_KEY", running.upstream.api_key)
        yield running.upstream


def refactor(*words: str) -> int:
    return main(["refactor", "shop/cart.py:4", *words])


def test_a_diff_is_printed_that_patch_takes(upstream, cart, capfdbinary):
    assert refactor("--action", "simplify") == 0
    said = capfdbinary.readouterr()
    assert said.out.decode() == DIFF
    assert b"Model: codestral-latest at 127.0.0.1" in said.err
    assert cart.read_bytes() == BEFORE.encode()
    subprocess.run(["git", "apply", "-"], input=said.out, check=True)
    assert cart.read_bytes() == AFTER.encode()


def test_the_change_is_written(upstream, cart, capsys):
    assert refactor("--instruction", "Use sum.", "--write") == 0
    assert capsys.readouterr().out == "Changed shop/cart.py.\n"
    assert cart.read_bytes() == AFTER.encode()
    assert "Use sum." in upstream.requests[0].json["messages"][1]["content"]


def test_a_problem_is_fixed(upstream, cart):
    assert refactor("--problem", "items may be None", "--write") == 0
    assert "items may be None" in upstream.requests[0].json["messages"][1]["content"]
    assert cart.read_bytes() == AFTER.encode()


def test_for_machines(upstream, cart, capsys):
    assert refactor("--action", "simplify", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    [change] = found["changes"]
    assert (change["path"], change["new"]) == ("shop/cart.py", False)
    assert change["edits"][0]["range"]["start"]["line"] == 5
    assert (found["action"], found["written"], found["text"], found["notes"]) == ("simplify", False, None, [])
    assert found["usage"]["prompt"] > 0
    assert found["model"].startswith("codestral-latest")
    assert {"cost_usd", "reads", "milliseconds"} <= found.keys()


def test_tests_are_a_new_file_that_is_not_written_over(upstream, cart, capsys):
    upstream.reply = TESTS
    (cart.parent / "test_mine.py").write_text("def test_mine(): ...\n")
    assert refactor("--action", "tests") == 0
    said = capsys.readouterr()
    assert said.out.startswith(
        "--- /dev/null\n+++ b/shop/test_cart.py\n@@ -0,0 +1,2 @@\n+def test_total():\n"
    )
    assert "The model has read shop/test_mine.py" in said.err
    assert refactor("--action", "tests", "--write") == 0
    new = cart.parent / "test_cart.py"
    assert new.read_text() == "def test_total():\n    assert total([]) == 0\n"
    assert refactor("--action", "tests", "--write") == 0
    assert new.read_text() == "def test_total():\n    assert total([]) == 0\n"


def test_an_explanation_is_text_and_changes_nothing(upstream, cart, capsys):
    upstream.reply = "It **adds up** the items."
    assert refactor("--action", "explain", "--write") == 0
    assert capsys.readouterr().out == "It **adds up** the items.\n"
    assert cart.read_bytes() == BEFORE.encode()


def test_a_reply_that_cannot_be_used_is_one_sentence(upstream, cart, capsys):
    upstream.reply = "I would rather not change this. It is fine."
    assert refactor("--action", "simplify", "--write", "--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["refused"] == "prose"
    assert said.err.startswith("codestral-ls: The model answered in words instead of code.")
    assert said.err.count("\n") == 1
    assert cart.read_bytes() == BEFORE.encode()


def test_a_file_that_is_edited_meanwhile_is_left_alone(upstream, cart, capsys):
    def reply(_exchange):
        cart.write_text("mine\n")
        return REPLY

    upstream.reply = reply
    assert refactor("--action", "simplify", "--write") == 1
    assert "cart.py was changed while the model worked on it" in capsys.readouterr().err
    assert cart.read_text() == "mine\n"


def test_the_actions_are_listed_with_reasons_and_no_model(upstream, capsys):
    assert refactor("--list") == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["simplify", "Simplify"] in lines
    assert ["complete", "not here: There is no TODO here."] in lines
    assert ["fix", "not here: Tell the problem: --problem TEXT."] in lines
    assert refactor("--list", "--json") == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["actions"]}
    assert rows["simplify"]["range"] == {"start": {"line": 4, "column": 1}, "end": {"line": 8, "column": 18}}
    assert rows["extract"]["disabled"] == "Select the code to extract."
    assert upstream.requests == []


WRONG = {
    "no such action": (["--action", "sing"], "There is no action 'sing'. There are: fix, instruct,"),
    "nothing selected": (
        ["--action", "extract"],
        "Select the code to extract. FILE:LINE-LINE selects lines.",
    ),
    "no problem": (["--action", "fix"], "Tell the problem: --problem TEXT."),
    "no words": (["--instruction", " "], "Say what is to be changed: --instruction TEXT."),
    "nothing": ([], "Say what is to be done: --action, --instruction or --problem; --list shows"),
    "words for none": (["--action", "explain", "--instruction", "a"], "'explain' takes no instruction."),
    "instruct alone": (["--action", "instruct"], "Say what is to be changed: --instruction TEXT."),
}


@pytest.mark.parametrize(("words", "sentence"), WRONG.values(), ids=WRONG)
def test_what_does_not_apply_is_one_sentence(upstream, capsys, words, sentence):
    assert refactor(*words) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert upstream.requests == []


PLACES = {
    "no such file": ("nowhere.py:1", "nowhere.py cannot be read"),
    "a line too many": ("shop/cart.py:9", "has 8 lines, so there are no lines 9."),
    "backwards": ("shop/cart.py:5-4", "so there are no lines 5-4."),
    "a secret": (".env", ".env is never sent to a model: its name says that it holds secrets."),
}


@pytest.mark.parametrize(("place", "sentence"), PLACES.values(), ids=PLACES)
def test_bad_places_are_one_sentence(upstream, capsys, place, sentence):
    Path(".env").write_text("KEY=1\n")
    assert main(["refactor", place, "--action", "simplify"]) == 2
    assert sentence in capsys.readouterr().err
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("place", "range_"),
    [
        ("shop/cart.py:5-5", (5, 5)),
        ("shop/cart.py:5-7", (5, 7)),
        ("shop/cart.py:6", (4, 8)),
        ("shop/cart.py", (1, 8)),
    ],
)
def test_what_a_place_means(upstream, capsys, place, range_):
    assert main(["refactor", place, "--list", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["actions"]}
    found = rows["simplify"]["range"]
    assert (found["start"]["line"], found["end"]["line"]) == range_


def test_a_terminal_sees_colours_and_no_commands_of_the_model(upstream, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    upstream.reply = REPLY.replace("(items)\n```", "(items)  # \x1b]0;title\x07 \u202eevil\n```")
    assert refactor("--action", "simplify") == 0
    shown = capsys.readouterr().out
    assert "\x1b[32m+    return sum(items)" in shown
    assert "<U+001B>]0;title<U+0007> <U+202E>evil" in shown


def test_the_diff_on_a_terminal_is_what_is_written(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    diff.show("+d = {a:cat:b, [red]c[/red]}\n")
    assert "{a:cat:b, [red]c[/red]}" in capsys.readouterr().out


def test_what_terminals_obey_is_spelt_out():
    assert printable("a\tb\n\x1b[2J\x9b\u2066ü😀") == "a\tb\n<U+001B>[2J<U+009B><U+2066>ü😀"


async def test_progress_is_shown_on_a_terminal_only(monkeypatch):
    for terminal in (True, False):
        shown = io.StringIO()
        console = Console(file=shown, force_terminal=terminal, width=80)
        monkeypatch.setattr("rich.console.Console", lambda console=console, **_: console)
        with progress("Simplify", after=0) as report:
            report("writing", 1_234)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert ("Simplify: 1000 characters" in shown.getvalue()) is terminal


def test_a_quick_one_shows_no_progress(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr("rich.console.Console", lambda **_: Console(file=shown, force_terminal=True))

    async def quick():
        with progress("Simplify") as report:
            report("asking", 0)
            await asyncio.sleep(0)

    asyncio.run(quick())
    assert "Simplify" not in shown.getvalue()


def test_help_teaches_by_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["refactor", "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.count("codestral-ls refactor cart.py") >= 5


def test_the_figures_of_the_goldens(capsys):
    folder = Path(__file__).parents[2] / "fixtures" / "refactor"
    assert main(["bench", "rewrite", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    edits, spans, share = found["figures"]
    assert found["applied"] < found["replies"]
    assert 0 < edits["median"] < spans["median"]
    assert 0 < edits["p90"] < spans["p90"]
    assert 0 < share["median"] < share["p90"] <= 100
    assert main(["bench", "rewrite", str(folder)]) == 0
    assert "by the smallest edits" in capsys.readouterr().out
    assert main(["bench", "rewrite", str(folder.parent / "sessions")]) == 2


def test_an_error_with_a_file_name_of_a_stranger_is_no_command(cart, capsys):
    assert main(["refactor", "no\x1b]0;title\x07.py", "--list"]) == 2
    error = capsys.readouterr().err
    assert "<U+001B>]0;title<U+0007>" in error
    assert "\x1b" not in error

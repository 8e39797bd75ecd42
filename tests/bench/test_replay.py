"""Whole replays: exact figures before a server of few lines, and the real one on the virtual clock."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from codestral_ls.bench import clock, run
from codestral_ls.bench.future import Future, Playhead
from codestral_ls.bench.oracle import Latency, Oracle, OracleModel
from codestral_ls.bench.player import Differs, Player, Tally
from codestral_ls.bench.positions import offset_of
from codestral_ls.bench.sessions import Session, Step, read_session
from codestral_ls.bench.virtual import Setting, replay
from codestral_ls.cli import main
from codestral_ls.core.model import FimRequest
from codestral_ls.core.privacy import redact
from codestral_ls.core.text import Edit, Span

SMALL = Path(__file__).parents[2] / "fixtures" / "sessions" / "timetable_py.json"
LATENCY = Latency(0.2, 0.01, 2, sigma=0.0)


class Bare:
    """A server that asks the model at every request, as it is, and forgets what it heard."""

    def __init__(self, model: OracleModel, text: str) -> None:
        self.said: list[tuple[str, object]] = []
        self._model = model
        self._text = text
        self._tasks: list[asyncio.Task[object]] = []

    def notify(self, method, params):
        self.said.append((method, params))
        if method == "textDocument/didChange":
            for change in params["contentChanges"]:
                start, end = (offset_of(self._text, change["range"][side]) for side in ("start", "end"))
                self._text = self._text[:start] + change["text"] + self._text[end:]
        elif method == "$/cancelRequest":
            self._tasks[params["id"]].cancel()

    def send(self, method, params):
        self.said.append((method, params))
        if method != "textDocument/inlineCompletion":
            return -1, asyncio.get_running_loop().create_future()
        offset = offset_of(self._text, params["position"])
        prompt = redact(self._text[:offset]), redact(""), redact(self._text[offset:])
        task = asyncio.create_task(self._answer(self._model.fim(FimRequest(*prompt, 3)), params["position"]))
        self._tasks.append(task)
        return len(self._tasks) - 1, task

    async def _answer(self, stream: AsyncGenerator, position):
        text = "".join([chunk.text async for chunk in stream])
        item = {"insertText": text, "range": {"start": position, "end": position}}
        item["command"] = {"title": "", "command": "accepted", "arguments": ["1"]}
        return {"items": [item] if text else []}


def typed(text: str, *gaps: float) -> Session:
    """A session that types a text behind a comment, with these gaps before its characters."""
    now, steps = 0.0, []
    for number, (gap, key) in enumerate(zip(gaps, text, strict=True)):
        now += gap
        at = 4 + number
        steps.append(Step(now, "a.py", (Edit(Span(at, at), key),), at + 1, "key"))
    return Session("a.py", {"a.py": "# 1\n"}, steps, {"a.py": f"# 1\n{text}"})


def bare_run(session: Session) -> tuple[run.Run, Bare]:
    async def play():
        playhead = Playhead(Future(session))
        model = OracleModel(Oracle(playhead, 0.0, 1), playhead, LATENCY, 1)
        server = Bare(model, "# 1\n")
        player = Player(session, Future(session), playhead, server, 1, model.calls)
        await player.play()
        result = run.Run(
            session, player.screen.keystrokes, player.screen.flicker, player.tally, model.calls, 0
        )
        return result, server

    return clock.run(play())


def test_ten_keys_have_exact_figures():
    # After the third key there is time for the answer, `al = 12` in two tokens: 210 ms. The next six keys
    # type all of it but the last character, too fast for anybody to read it. After the tenth nothing
    # is left to know, and three tokens are made up in 220 ms. The next key cancels all other requests.
    result, _ = bare_run(typed("total = 12", 0.1, 0.1, 0.1, 0.23, *[0.01] * 6))
    figures = {figure.key: figure.written(result) for figure in run.FIGURES}
    assert figures == {
        "written": "10", "typed": "10", "keystrokes": "10", "spared": "0", "known": "9", "spared_known": "0",
        "requests": "1000.0", "requests_per_typed": "1000.0",
        "cancelled": "800.0", "cancelled_share": "80.0%",
        "visible_100": "60.0%", "visible_300": "80.0%", "visible_700": "80.0%",
        "visible_100_known": "66.7%", "visible_300_known": "77.8%", "visible_700_known": "77.8%",
        "visible_300_pressed": "77.8%", "right_300_known": "77.8%", "refused_known": "0.0%",
        "unanswered_known": "22.2%",
        "wait_median": "0.0", "wait_p90": "213.0", "new_wait_median": "215.0", "new_wait_p90": "219.0",
        "accepted": "0.0%", "keys": "1.00", "input_tokens": "0.0", "output_tokens": "0.00",
        "flicker": "0.00", "repeated": "90.0%", "hit_median": "-", "hit_p99": "-", "tasks": "0",
    }  # fmt: skip


def test_an_accepted_suggestion_saves_its_keys():
    session = typed("total = 12", 0.1, *[3.0] * 9)
    result, server = bare_run(session)
    assert len(result.keystrokes) == 1
    assert (result.tally.accepted, result.tally.acceptances) == (9, 1)
    assert run.accepted(result) == 0.9
    assert run.keys(result) == 0.2
    # Nine keys were not pressed; behind the last of them is no word. The one that was pressed had to wait.
    assert (result.spared, result.spared_known) == (9, 8)
    assert (run.visible(result, 0.1), run.visible_of_known(result, 0.1)) == (9 / 10, 8 / 9)
    assert (run.visible_of_known(result, 0.3), run.visible_of_pressed(result, 0.1)) == (1.0, 0.0)
    assert [method for method, _ in server.said if method.startswith("workspace")] == [
        "workspace/executeCommand"
    ]
    assert [params for method, params in server.said if method == "textDocument/didShowCompletion"]


def test_a_session_that_ends_elsewhere_differs():
    session = typed("total", *[0.1] * 5)
    other = Session(session.name, session.before, session.steps, {"a.py": "# 1\ntotals"})
    with pytest.raises(Differs, match=r"a\.py"):
        bare_run(other)


@pytest.fixture(scope="module")
def played() -> run.Run:
    return replay(read_session(SMALL), Setting())


def test_the_real_server_plays_a_session(played):
    assert 0 < len(played.calls) < len(played.keystrokes)
    assert {call.outcome for call in played.calls} <= {"complete", "stopped", "cancelled"}
    assert played.tally.accepted > 100
    assert run.visible_of_known(played, 0.7) > 0.3
    assert played.tally.hits
    assert played.leaked == 0


def test_a_replay_gives_the_same_figures_again(played):
    again = replay(read_session(SMALL), Setting())
    timed = {"hit_median", "hit_p99"}
    for figure in run.FIGURES:
        assert figure.key in timed or figure.of(again) == figure.of(played)
    assert again.calls == played.calls


@pytest.mark.parametrize("upstream", ["slow", "local"])
def test_other_upstreams(upstream):
    result = replay(read_session(SMALL).first(20), Setting(upstream))
    assert result.calls


def test_figures_of_an_empty_session():
    result = run.Run(typed(""), [], 0, Tally(), [], 0)
    assert all(figure.written(result) for figure in run.FIGURES)


def test_the_command_prints_json_and_draws(tmp_path, capsys):
    picture = tmp_path / "replay.svg"
    words = ["--seconds", "15", "--json", "--plot", str(picture)]
    assert main(["bench", "replay", str(SMALL), "--type", str(__file__), *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["session"] for entry in found] == ["timetable.py", "test_replay.py"]
    assert found[0]["figures"]["tasks"] == 0
    drawn = "".join(ElementTree.parse(picture).getroot().itertext())
    assert "timetable.py" in drawn
    assert "accepted characters" in drawn


def test_the_command_prints_a_table(capsys):
    assert main(["bench", "replay", str(SMALL), "--seconds", "5", "--wrong", "0"]) == 0
    said = capsys.readouterr().out
    assert all(figure.name.split(",")[0] in said for figure in run.FIGURES if len(figure.name) < 30)


def test_a_picture_that_is_no_svg(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "replay", str(SMALL), "--plot", "replay.png"])
    assert ended.value.code == 2
    assert "name an .svg file" in capsys.readouterr().err


WRONG = {
    "nothing to play": ([], "There is nothing to replay"),
    "no such file": (["nowhere.json"], "nowhere.json cannot be read: No such file or directory."),
    "no such source": (["--type", "nowhere.py"], "nowhere.py cannot be read: No such file or directory."),
    "no session": ([__file__], "is no session: it is not JSON"),
}


@pytest.mark.parametrize(("words", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_one_sentence(words, sentence, capsys):
    assert main(["bench", "replay", *words]) == 2
    assert sentence in capsys.readouterr().err

"""What a replay gave, and the figures made of it. Each figure's docstring says exactly what it is."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from os.path import commonprefix
from typing import TYPE_CHECKING

from codestral_ls.bench.oracle import CHARACTERS_PER_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from codestral_ls.bench.oracle import Call
    from codestral_ls.bench.player import Tally
    from codestral_ls.bench.screen import Keystroke
    from codestral_ls.bench.sessions import Session, Step


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that was seen on both sides of the server. `leaked` is how many tasks more than at the
    beginning were alive at the end, where that can be told; `server` is its name."""

    session: Session
    keystrokes: Sequence[Keystroke]
    flicker: int
    tally: Tally
    calls: Sequence[Call]
    leaked: int | None
    server: str = "codestral-ls"

    @property
    def written(self) -> int:
        """Characters that the session writes: by keys, or by a completion that was accepted in the recording.
        What was pasted, formatted or written by an agent is not among them. It is the same number however
        much of it the replay accepts."""
        return self.typed + _characters(step for step in self.session.steps if step.origin == "accepted")

    @property
    def typed(self) -> int:
        """Characters that the session writes by keys, with the indentation and the closing brackets that the
        editor adds to them."""
        return _characters(step for step in self.session.steps if step.is_keystroke)

    @property
    def known(self) -> list[Keystroke]:
        """Keystrokes that were pressed, after which the session goes on, where they left the cursor, to write
        a word: there the upstream knows the text."""
        return [key for key in self.keystrokes if key.known]

    @property
    def spared(self) -> int:
        """Keystrokes of the session that need not be pressed, since a suggestion was accepted."""
        return len(self.tally.spared)

    @property
    def spared_known(self) -> int:
        """Those of them where the upstream knows the text."""
        return sum(self.tally.spared)


def requests(run: Run) -> float:
    """Requests to the model for 1,000 written characters, the cancelled ones too."""
    return _per_thousand(len(run.calls), run.written)


def requests_per_typed(run: Run) -> float:
    """The same for 1,000 characters that the session writes by keys."""
    return _per_thousand(len(run.calls), run.typed)


def cancelled(run: Run) -> float:
    """Cancelled requests for 1,000 written characters: those whose stream was closed before its end, at
    another time than right after a piece of it. Closed right after a piece means that it was enough."""
    return _per_thousand(_cancelled(run), run.written)


def cancelled_share(run: Run) -> float:
    """Cancelled requests, as a share of all requests."""
    return _share(_cancelled(run), len(run.calls))


def visible(run: Run, within: float) -> float:
    """Share of the session's keystrokes (keys that write, and backspaces) after which a suggestion was on the
    screen within so many seconds, and before the next key, edit or jump. One that stayed on while its text
    was typed took no time. A keystroke that another follows before anything could come counts against it.

    The session's keystrokes are the same for every server: those that need not be pressed, since the
    suggestion on the screen was accepted, are seen ones. Were they left out, a server would be marked down
    for each suggestion that is good enough to be taken.
    """
    return _share(_seen(run.keystrokes, within) + run.spared, len(run.keystrokes) + run.spared)


def visible_of_known(run: Run, within: float) -> float:
    """The same, of the keystrokes where the upstream knows the text."""
    return _share_of_known(run, _seen(run.known, within) + run.spared_known)


def visible_of_pressed(run: Run, within: float) -> float:
    """The same without the keystrokes that accepting spared: only those that were pressed."""
    return _share(_seen(run.known, within), len(run.known))


def right_of_known(run: Run, within: float) -> float:
    """As `visible_of_known`, where what was on the screen last was also right up to the end of its first
    word: what was accepted is."""
    right = [key for key in run.known if key.right]
    return _share_of_known(run, _seen(right, within) + run.spared_known)


def refused_of_known(run: Run) -> float:
    """Share of the keystrokes where the upstream knows the text at which the server answered, before the next
    event, that it has nothing."""
    return _share_of_known(run, sum(key.answered and key.shown is None for key in run.known))


def unanswered_of_known(run: Run) -> float:
    """Share of the keystrokes where the upstream knows the text at which the next event came before any
    answer."""
    return _share_of_known(run, sum(not key.answered and key.shown is None for key in run.known))


def waited(run: Run) -> list[float]:
    """Seconds from a keystroke until a suggestion was on the screen, for the keystrokes that got one; 0 where
    it was typed through."""
    return sorted(key.shown - key.time for key in run.keystrokes if key.shown is not None)


def waited_for_new(run: Run) -> list[float]:
    """The same without those where the suggestion of the keystroke before went on."""
    fresh = [key for key in run.keystrokes if key.shown is not None and not key.followed]
    return sorted(key.shown - key.time for key in fresh if key.shown is not None)


def accepted(run: Run) -> float:
    """Accepted characters, as a share of the written ones. A suggestion is read once it was on the screen for
    the noticing time (log-normal, median 330 ms, σ 0.5). If the session goes on to write all of it, it is
    accepted; if only its first lines, then those; if less, or less than two characters, nothing."""
    return _share(run.tally.accepted, run.written)


def keys(run: Run) -> float:
    """Keys that were pressed, those that accept among them, for each written character."""
    return _share(len(run.keystrokes) + run.tally.acceptances, run.written)


def input_tokens(run: Run) -> float:
    """Tokens of all prompts, four characters each, for each accepted character."""
    return _share(sum(len(call.prompt) for call in run.calls) / CHARACTERS_PER_TOKEN, run.tally.accepted)


def output_tokens(run: Run) -> float:
    """Tokens that the model made until its streams were closed, for each accepted character."""
    return _share(sum(call.generated for call in run.calls), run.tally.accepted)


def flicker(run: Run) -> float:
    """How often, for 1,000 written characters, an answer changed or took away a suggestion of which at least
    one character had been typed while it was shown. One that only grows at its end has not changed."""
    return _per_thousand(run.flicker, run.written)


def repeated(run: Run) -> float:
    """Share of the characters of prompts that repeat the head of the prompt before, of prompts made on the
    same line as the one before. A prompt is read as Codestral reads it: the suffix, then the prefix."""
    pairs = [(old.prompt, new.prompt) for old, new in pairwise(run.calls) if old.line == new.line]
    same = sum(len(commonprefix(pair)) for pair in pairs)  # noqa: RUF071 - no paths.
    return _share(same, sum(len(new) for _, new in pairs))


def hits(run: Run) -> list[float]:
    """Seconds of real time, from a request of the editor to its answer, for suggestions that came while no
    request to the model was running: from memory, or as the rest of one that is typed."""
    return sorted(run.tally.hits)


def tasks(run: Run) -> int | None:
    """Tasks of the server's event loop that are alive eleven minutes after the session and were not before
    it. Only known where the server runs in this process."""
    return run.leaked


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure's key in JSON, its name, its value in a run (None where there is nothing to measure), and how
    it is written."""

    key: str
    name: str
    of: Callable[[Run], float | None]
    form: str = "{:.1f}"

    def written(self, run: Run) -> str:
        value = self.of(run)
        return "-" if value is None else self.form.format(value)


def _within(key: str, name: str, of: Callable[..., float]) -> Iterator[Figure]:
    for milliseconds in (100, 300, 700):
        at_most = partial(of, within=milliseconds / 1000)
        yield Figure(key.format(milliseconds), name.format(milliseconds), at_most, "{:.1%}")


FIGURES = (
    Figure("written", "written characters", lambda run: run.written, "{:.0f}"),
    Figure("typed", "typed characters", lambda run: run.typed, "{:.0f}"),
    Figure("keystrokes", "keystrokes", lambda run: len(run.keystrokes), "{:.0f}"),
    Figure("spared", "keystrokes that accepting spared", lambda run: run.spared, "{:.0f}"),
    Figure("known", "keystrokes where the upstream knows the text", lambda run: len(run.known), "{:.0f}"),
    Figure("spared_known", "the same, spared", lambda run: run.spared_known, "{:.0f}"),
    Figure("requests", "requests per 1,000 characters", requests),
    Figure("requests_per_typed", "requests per 1,000 typed characters", requests_per_typed),
    Figure("cancelled", "cancelled requests per 1,000 characters", cancelled),
    Figure("cancelled_share", "cancelled share", cancelled_share, "{:.1%}"),
    *_within("visible_{}", "visible within {} ms", visible),
    *_within("visible_{}_known", "visible within {} ms, of those known", visible_of_known),
    Figure(
        "visible_300_pressed",
        "visible within 300 ms, of those known and pressed",
        partial(visible_of_pressed, within=0.3),
        "{:.1%}",
    ),
    Figure(
        "right_300_known",
        "visible within 300 ms and right, of those known",
        partial(right_of_known, within=0.3),
        "{:.1%}",
    ),
    Figure("refused_known", "answered with nothing, of those known", refused_of_known, "{:.1%}"),
    Figure("unanswered_known", "next key before an answer, of those known", unanswered_of_known, "{:.1%}"),
    Figure("wait_median", "time to suggestion, median (ms)", lambda run: _quantile(waited(run), 0.5)),
    Figure("wait_p90", "time to suggestion, p90 (ms)", lambda run: _quantile(waited(run), 0.9)),
    Figure(
        "new_wait_median",
        "time to a new suggestion, median (ms)",
        lambda run: _quantile(waited_for_new(run), 0.5),
    ),
    Figure(
        "new_wait_p90", "time to a new suggestion, p90 (ms)", lambda run: _quantile(waited_for_new(run), 0.9)
    ),
    Figure("accepted", "accepted characters", accepted, "{:.1%}"),
    Figure("keys", "keys per character", keys, "{:.2f}"),
    Figure("input_tokens", "input tokens per accepted character", input_tokens),
    Figure("output_tokens", "output tokens per accepted character", output_tokens, "{:.2f}"),
    Figure("flicker", "flicker per 1,000 characters", flicker, "{:.2f}"),
    Figure("repeated", "prompt repeats the one before, same line", repeated, "{:.1%}"),
    Figure("hit_median", "memory hit, median (ms)", lambda run: _quantile(hits(run), 0.5), "{:.2f}"),
    Figure("hit_p99", "memory hit, p99 (ms)", lambda run: _quantile(hits(run), 0.99), "{:.2f}"),
    Figure("tasks", "tasks alive at the end", tasks, "{:.0f}"),
)


def _characters(steps: Iterable[Step]) -> int:
    return sum(len(edit.text) for step in steps for edit in step.edits)


def _cancelled(run: Run) -> int:
    return sum(call.outcome == "cancelled" for call in run.calls)


def _seen(keystrokes: Iterable[Keystroke], within: float) -> int:
    return sum(key.shown is not None and key.shown - key.time <= within for key in keystrokes)


def _share_of_known(run: Run, part: int) -> float:
    return _share(part, len(run.known) + run.spared_known)


def _per_thousand(count: float, written: int) -> float:
    return _share(1000 * count, written)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _quantile(ordered: list[float], share: float) -> float | None:
    """In milliseconds; None where there are no times."""
    if not ordered:
        return None
    if len(ordered) == 1:
        return ordered[0] * 1000
    return statistics.quantiles(ordered, n=100, method="inclusive")[round(share * 100) - 1] * 1000

"""An editor with a cursor, and what the ledger says of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from codestral_ls.core.suggestion import Suggestion
from codestral_ls.core.text import Document, Edit, Span, apply_edits
from codestral_ls.core.track import Change
from codestral_ls.engine.feedback import Feedback
from codestral_ls.engine.ledger import Ledger, Record
from codestral_ls.engine.workspace import Workspace
from tests.support import parse_marked

URI = "file:///w/a.py"
MODEL = "codestral"


@dataclass
class Timer:
    due: float
    call: object
    cancelled: bool = False

    def cancel(self):
        self.cancelled = True


@dataclass
class Editor:
    """An editor with a cursor, the feedback it gives rise to, and a clock that only `wait` moves."""

    file: object
    marked: str = "x = █\n"
    now: float = 0.0
    timers: list[Timer] = field(default_factory=list)

    def __post_init__(self):
        marked = parse_marked(self.marked)
        self.cursor = marked.cursor
        self.workspace = Workspace()
        self.workspace.open(Document.of(URI, "python", 1, marked.text))
        self.ledger = Ledger(self.file, lambda: self.now)
        self.feedback = Feedback(self.ledger, lambda: self.now, self.workspace.get, self.call_later)
        self.feedback.model = MODEL

    @property
    def document(self):
        return self.workspace.get(URI)

    def call_later(self, seconds, call):
        self.timers.append(Timer(self.now + seconds, call))
        return self.timers[-1]

    def wait(self, seconds):
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer.due <= end and not timer.cancelled]:
            timer = min(due, key=lambda timer: timer.due)
            self.timers.remove(timer)
            self.now = timer.due
            timer.call()
        self.now = end

    def offer(self, *texts, left=0, right=0, listed=False, name="id"):
        span = Span(self.cursor - left, self.cursor + right)
        many = [
            Suggestion(name if number == 0 else f"{name}{number}", span, text, "model")
            for number, text in enumerate(texts)
        ]
        self.feedback.offered(self.document, many, listed=listed)

    def edit(self, *edits):
        """One notification. The cursor goes behind the last edit."""
        changes = []
        for start, end, text in edits:
            edit = Edit(Span(start, end), text)
            after = apply_edits(self.document, [edit], self.document.version + 1)
            changes.append(Change(self.document, edit, after))
            self.workspace.update(after)
            self.cursor = start + len(text)
        self.feedback.changed(changes)

    def insert(self, text):
        self.edit((self.cursor, self.cursor, text))

    def type(self, text):
        for character in text:
            self.insert(character)
            self.wait(0.1)

    def back(self, count=1):
        self.edit((self.cursor - count, self.cursor, ""))

    def ask(self, offset=None):
        self.feedback.asked(URI, self.cursor if offset is None else offset)

    def shown(self, name="id"):
        self.feedback.shown(name)

    def accepted(self, name="id"):
        self.feedback.accepted(name)

    def part(self, units, name="id"):
        self.feedback.partly_accepted(name, units)

    def close(self):
        self.workspace.close(URI)
        self.feedback.closed(URI)

    def records(self):
        """The session ends, and this is what it left."""
        self.feedback.close()
        self.ledger.close()
        lines = self.file.read_bytes().splitlines() if self.file.exists() else ()
        return [msgspec.json.decode(line, type=Record) for line in lines]


def play(editor, *steps):
    for name, *arguments in steps:
        options = arguments.pop() if arguments and isinstance(arguments[-1], dict) else {}
        getattr(editor, name)(*arguments, **options)


SUM = ("offer", "sum(items)")
LOOK = ("wait", 1.0)
TAB = ("insert", "sum(items)")

"""`codestral-ls bench edit`: what a keystroke costs before any model is asked, by the size of the file.

pygls' own document takes the same changes in the same run, so that the ratio holds on any machine.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from lsprotocol import types as lsp

    from codestral_ls.core.text import Document

SIZES = (1_000, 10_000, 50_000)
_FUNCTION = """\
def total_{0}(items, tax=0.{0}):
    \"\"\"Sum up the items, with tax, in cents.\"\"\"
    result = 0
    for item in items:
        if item.price > {0}:
            result += round(item.price * (1 + tax))  # the tax of each
        else:
            result += {{"key": [item.price, "text {0}"]}}["key"][0]
    return result

"""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one operation took, in milliseconds: the median, and the first and ninth tenth around it."""

    lines: int
    what: str
    low: float
    median: float
    high: float


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "edit",
        help="what a keystroke costs in large files",
        description="Measure document changes and the parse around the cursor near the end of large files.",
    )
    parser.add_argument("--lines", type=int, nargs="+", default=SIZES, metavar="N", help="sizes of the files")
    parser.add_argument("--repeat", type=int, default=200, metavar="N", help="how often each is measured")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print. Returns the exit status."""
    figures = [figure for lines in args.lines for figure in measure(lines, args.repeat)]
    if args.json:
        import msgspec

        print(msgspec.json.encode(figures).decode())
        return 0
    print(f"{'lines':>8}  {'operation':<28} {'median':>10}   10 % .. 90 %, in milliseconds")
    for figure in figures:
        spread = f"{figure.low:.3f} .. {figure.high:.3f}"
        print(f"{figure.lines:>8}  {figure.what:<28} {figure.median:>10.3f}   {spread}")
    for lines in args.lines:
        times = {figure.what: figure.median for figure in figures if figure.lines == lines}
        ratio = times["one character, pygls"] / times["one character"]
        print(f"{lines:>8}  for one character pygls takes {ratio:.0f} times as long")
    return 0


def measure(lines: int, repeat: int) -> Iterator[Figure]:
    """Figures for a Python file of at least so many lines, at a place near its end."""
    text = _source(lines)
    yield _figure(lines, "open", max(repeat // 20, 1), lambda: _document(text))
    for what, changes in _changes(text).items():
        yield _figure(lines, what, repeat, _editing(text, changes))
    yield _figure(lines, "one character, pygls", max(repeat // 5, 2), _editing_pygls(text))
    document = _document(text)
    offset = document.line_start(document.line_count - 25) + 8
    yield _figure(lines, "offset to position", repeat, lambda: document.position_at(offset))
    yield _figure(
        lines, "position to offset", repeat, lambda: document.offset_at(document.line_count - 25, 8)
    )
    yield _figure(lines, "slice of 6000 characters", repeat, lambda: document.slice(offset - 6_000, offset))
    yield _figure(lines, "window, kind, mode, lines", repeat, lambda: _parse(document, offset))


def _source(lines: int) -> str:
    return "".join(_FUNCTION.format(number) for number in range(-(-lines // _FUNCTION.count("\n"))))


def _document(text: str) -> Document:
    from codestral_ls.core.text import Document

    return Document.of("file:///large.py", "python", 0, text)


def _changes(text: str) -> dict[str, list[lsp.TextDocumentContentChangePartial]]:
    """For each operation a change and the one that takes it back, so that the file stays as it is."""
    from lsprotocol import types as lsp

    def change(
        start: tuple[int, int], end: tuple[int, int], new: str
    ) -> lsp.TextDocumentContentChangePartial:
        return lsp.TextDocumentContentChangePartial(lsp.Range(lsp.Position(*start), lsp.Position(*end)), new)

    line = text.count("\n") - 25
    whole = text.split("\n")[line] + "\n"
    return {
        "one character": [change((line, 4), (line, 4), "x"), change((line, 4), (line, 5), "")],
        "Enter": [change((line, 4), (line, 4), "\n"), change((line, 4), (line + 1, 0), "")],
        "a line deleted": [change((line, 0), (line + 1, 0), ""), change((line, 0), (line, 0), whole)],
    }


def _editing(text: str, changes: Iterable[lsp.TextDocumentContentChangePartial]) -> Callable[[], object]:
    from itertools import cycle

    from codestral_ls.convert import changed

    document, upcoming = _document(text), cycle(changes)

    def edit() -> None:
        nonlocal document
        document, _ = changed(document, [next(upcoming)], "utf-16", document.version + 1)

    return edit


def _editing_pygls(text: str) -> Callable[[], object]:
    from itertools import cycle

    from pygls.workspace import TextDocument

    document, upcoming = TextDocument("file:///large.py", text), cycle(_changes(text)["one character"])
    return lambda: document.apply_change(next(upcoming))


def _parse(document: Document, offset: int) -> None:
    """What a completion asks of the syntax."""
    from codestral_ls.core.mode import mode_at
    from codestral_ls.core.prompt import Site
    from codestral_ls.core.syntax import definition_lines, parse_window

    window = parse_window(document, document.position_at(offset)[0])
    mode_at(Site(document, offset), "automatic", window)
    if window:
        definition_lines(window)


def _figure(lines: int, what: str, repeat: int, operation: Callable[[], object]) -> Figure:
    operation()
    times = [_milliseconds(operation) for _ in range(max(repeat, 2))]
    tenths = statistics.quantiles(times, n=10, method="inclusive")
    return Figure(lines, what, tenths[0], statistics.median(times), tenths[-1])


def _milliseconds(operation: Callable[[], object]) -> float:
    start = time.perf_counter()
    operation()
    return (time.perf_counter() - start) * 1000

"""A picture of replays: how soon suggestions are seen, and what they cost. Plain SVG, drawn by hand."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from codestral_ls.bench import run as figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codestral_ls.bench.run import Run

_WIDTH = 960
_COLOURS = ("#0b6e99", "#d9730d", "#448361", "#9065b0", "#c14c8a", "#787774")
_LEFT, _TOP, _CURVE_WIDTH, _CURVE_HEIGHT = 60, 70, 840, 260
_LONGEST = 1.0
"""Seconds that the curve shows."""

_BARS: tuple[tuple[str, Callable[[Run], float], str], ...] = (
    ("requests per 1,000 characters", figures.requests, "{:.0f}"),
    ("cancelled share", figures.cancelled_share, "{:.0%}"),
    ("accepted characters", figures.accepted, "{:.0%}"),
    ("input tokens per accepted character", figures.input_tokens, "{:.0f}"),
    ("output tokens per accepted character", figures.output_tokens, "{:.1f}"),
    ("flicker per 1,000 characters", figures.flicker, "{:.1f}"),
)
_COLUMNS, _CELL_WIDTH, _NAME_HEIGHT, _BAR_HEIGHT = 3, 300, 34, 20


def picture(runs: Sequence[Run], title: str) -> str:
    """An SVG document: above, which share of the keystrokes with a known text has a suggestion on the screen
    after so many milliseconds; below, a bar for each run and main figure."""
    bars_top = _TOP + _CURVE_HEIGHT + 70 + 20 * len(runs)
    cell = _NAME_HEIGHT + _BAR_HEIGHT * len(runs) + 20
    height = bars_top + cell * -(-len(_BARS) // _COLUMNS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        _text(_LEFT, 28, f"Replay, {title}", size=18),
        _text(
            _LEFT,
            52,
            "share of keystrokes with a suggestion on the screen, where the upstream knows the text",
        ),
        *_axes(),
        *(_curve(run, colour) for run, colour in _coloured(runs)),
        *_legend(runs, _TOP + _CURVE_HEIGHT + 60),
        *(part for number in range(len(_BARS)) for part in _bars(runs, number, bars_top, cell)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axes() -> Iterator[str]:
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        yield _line(_LEFT, y, _LEFT + _CURVE_WIDTH, y)
        yield _text(_LEFT - 8, y + 4, f"{tenth * 10} %", anchor="end")
    for milliseconds in (0, 100, 300, 500, 700, 1000):
        x = _x(milliseconds / 1000)
        yield _line(x, _TOP, x, _TOP + _CURVE_HEIGHT)
        yield _text(x, _TOP + _CURVE_HEIGHT + 18, f"{milliseconds}", anchor="middle")
    yield _text(
        _LEFT + _CURVE_WIDTH, _TOP + _CURVE_HEIGHT + 36, "milliseconds after the keystroke", anchor="end"
    )


def _curve(run: Run, colour: str) -> str:
    steps = [number / 100 * _LONGEST for number in range(101)]
    points = " ".join(f"{_x(step):.1f},{_y(figures.visible_of_known(run, step)):.1f}" for step in steps)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>'


def _legend(runs: Sequence[Run], top: int) -> Iterator[str]:
    for number, (run, colour) in enumerate(_coloured(runs)):
        y = top + 20 * number
        yield f'<rect x="{_LEFT}" y="{y - 10}" width="14" height="12" fill="{colour}"/>'
        yield _text(_LEFT + 22, y, f"{run.session.name}, {run.server}")


def _bars(runs: Sequence[Run], number: int, top: int, cell: int) -> Iterator[str]:
    """The bars of one figure. The longest of them fills its cell."""
    name, of, form = _BARS[number]
    left = _LEFT + _CELL_WIDTH * (number % _COLUMNS)
    top += cell * (number // _COLUMNS)
    longest = max((of(run) for run in runs), default=0.0) or 1.0
    yield _text(left, top + 16, name)
    for row, (run, colour) in enumerate(_coloured(runs)):
        y, width = top + _NAME_HEIGHT - 8 + _BAR_HEIGHT * row, of(run) / longest * (_CELL_WIDTH - 110) + 1
        shape = f'x="{left}" y="{y}" width="{width:.1f}" height="{_BAR_HEIGHT - 5}"'
        yield f'<rect {shape} fill="{colour}"/>'
        yield _text(left + width + 6, y + 12, form.format(of(run)))


def _coloured(runs: Sequence[Run]) -> Iterator[tuple[Run, str]]:
    for number, run in enumerate(runs):
        yield run, _COLOURS[number % len(_COLOURS)]


def _x(seconds: float) -> float:
    return _LEFT + seconds / _LONGEST * _CURVE_WIDTH


def _y(share: float) -> float:
    return _TOP + (1 - share) * _CURVE_HEIGHT


def _line(x: float, y: float, x2: float, y2: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _text(x: float, y: float, text: str, size: int = 13, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'

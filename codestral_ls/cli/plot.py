"""The days of a ledger as an SVG picture: the share that was accepted, and how long requests took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from codestral_ls.engine.usage import Figures

WIDTH, HEIGHT = 840, 520
LEFT, RIGHT = 70, 20
MOST_LABELS = 10

BLUE, ORANGE, GREY, INK = "#3b6fb6", "#d9822b", "#d5d8dc", "#2b2f33"


@dataclass(frozen=True, slots=True)
class _Panel:
    """A strip of the picture with an axis from 0 at `bottom` to `most` at `top`."""

    title: str
    top: float
    bottom: float
    most: float
    unit: str

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.most

    def draw(self) -> Iterator[str]:
        yield _text(LEFT, self.top - 16, self.title, "start", 15)
        for step in range(5):
            value = self.most * step / 4
            y = self.y(value)
            yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}"/>'
            yield _text(LEFT - 8, y + 4, f"{value:,.0f} {self.unit}", "end")


def plot(days: Mapping[str, Figures]) -> str:
    """Draw the figures of one day or more, by the day's name."""
    shares = [(figures.share or 0.0) * 100 for figures in days.values()]
    latencies = [figures.latency for figures in days.values()]
    slowest = max((latency[1] for latency in latencies if latency), default=0.0)
    upper = _Panel("Accepted, of the suggestions shown", 50, 220, _round_up(max(shares)), "%")
    lower = _Panel("Time until a request is answered", 310, 480, _round_up(slowest), "ms")
    xs = [LEFT + (WIDTH - LEFT - RIGHT) * (number + 0.5) / len(days) for number in range(len(days))]
    parts = [
        *upper.draw(),
        *_bars(upper, xs, shares),
        *_dates(upper, xs, list(days)),
        *lower.draw(),
        *_line(lower, xs, [latency and latency[1] for latency in latencies], ORANGE),
        *_line(lower, xs, [latency and latency[0] for latency in latencies], BLUE),
        *_dates(lower, xs, list(days)),
        _text(WIDTH - RIGHT - 110, lower.top - 16, "● 90th percentile", "end", colour=ORANGE),
        _text(WIDTH - RIGHT, lower.top - 16, "● median", "end", colour=BLUE),
    ]
    return "\n".join([_HEAD, *parts, "</svg>\n"])


_HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif"'
    f' viewBox="0 0 {WIDTH} {HEIGHT}">\n'
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
)


def _bars(panel: _Panel, xs: Sequence[float], values: Sequence[float]) -> Iterator[str]:
    width = min((WIDTH - LEFT - RIGHT) / len(xs) * 0.7, 60)
    for x, value in zip(xs, values, strict=True):
        y = panel.y(value)
        size = f'width="{width:.1f}" height="{panel.bottom - y:.1f}"'
        yield f'<rect x="{x - width / 2:.1f}" y="{y:.1f}" {size} fill="{BLUE}"/>'


def _line(panel: _Panel, xs: Sequence[float], values: Sequence[float | None], colour: str) -> Iterator[str]:
    """A line with dots; a day without requests is stepped over."""
    points = [(x, panel.y(value)) for x, value in zip(xs, values, strict=True) if value is not None]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _dates(panel: _Panel, xs: Sequence[float], names: Sequence[str]) -> Iterator[str]:
    every = -(-len(names) // MOST_LABELS)
    for x, name in list(zip(xs, names, strict=True))[::every]:
        yield _text(x, panel.bottom + 18, name, "middle")


def _text(x: float, y: float, text: str, anchor: str, size: int = 11, colour: str = INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{colour}">{text}</text>'


def _round_up(value: float) -> float:
    """To a number whose quarters are easy to read."""
    step = 4.0
    while step * 10 < value:
        step *= 10
    return next(nice * step for nice in (1, 1.5, 2, 3, 5, 10) if nice * step >= value)

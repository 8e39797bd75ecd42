"""The days of a ledger as an SVG picture: what was accepted, how long requests took, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codestral_ls.core.budget import money

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from codestral_ls.core.budget import Limit
    from codestral_ls.engine.usage import Figures

WIDTH, HEIGHT = 840, 780
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
    label: Callable[[float], str]

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.most

    def draw(self) -> Iterator[str]:
        yield _text(LEFT, self.top - 16, self.title, "start", 15)
        for step in range(5):
            value = self.most * step / 4
            y = self.y(value)
            yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}"/>'
            yield _text(LEFT - 8, y + 4, self.label(value), "end")


def plot(days: Mapping[str, Figures], limits: Sequence[Limit] = ()) -> str:
    """Draw the figures of one day or more, by the day's name, and the daily limits of the budget."""
    xs = [LEFT + (WIDTH - LEFT - RIGHT) * (number + 0.5) / len(days) for number in range(len(days))]
    figures = list(days.values())
    panels = (_shares(xs, figures), _latencies(xs, figures), _costs(xs, figures, limits))
    dates = (part for bottom in (220, 480, 740) for part in _dates(bottom, xs, list(days)))
    return "\n".join([_HEAD, *(part for panel in panels for part in panel), *dates, "</svg>\n"])


def _shares(xs: Sequence[float], days: Sequence[Figures]) -> Iterator[str]:
    shares = [(figures.share or 0.0) * 100 for figures in days]
    panel = _Panel("Accepted, of the suggestions shown", 50, 220, _round_up(max(shares)), "{:,.0f} %".format)
    yield from panel.draw()
    yield from _bars(panel, xs, shares)


def _latencies(xs: Sequence[float], days: Sequence[Figures]) -> Iterator[str]:
    latencies = [figures.latency for figures in days]
    slowest = max((latency[1] for latency in latencies if latency), default=0.0)
    panel = _Panel("Time until a request is answered", 310, 480, _round_up(slowest), "{:,.0f} ms".format)
    yield from panel.draw()
    yield from _line(panel, xs, [latency and latency[1] for latency in latencies], ORANGE)
    yield from _line(panel, xs, [latency and latency[0] for latency in latencies], BLUE)
    yield _text(WIDTH - RIGHT - 110, panel.top - 16, "● 90th percentile", "end", colour=ORANGE)
    yield _text(WIDTH - RIGHT, panel.top - 16, "● median", "end", colour=BLUE)


def _costs(xs: Sequence[float], days: Sequence[Figures], limits: Sequence[Limit]) -> Iterator[str]:
    costs = [figures.dollars for figures in days]
    unknown = ", but for requests whose price is not known" if any(day.unpriced for day in days) else ""
    daily = min((limit.amount * limit.rate for limit in limits if limit.period == "day"), default=None)
    most = max(costs)
    if daily is not None and daily < 3 * most:  # A line far above would press the bars flat.
        most = max(most, daily)
    panel = _Panel(
        f"Cost of a day in US dollars{unknown}", 570, 740, _round_up(most, least=0.04), "${:,g}".format
    )
    yield from panel.draw()
    yield from _bars(panel, xs, costs)
    if daily is not None:
        yield _text(WIDTH - RIGHT, panel.top - 16, f"● daily budget {money(daily)}", "end", colour=ORANGE)
        if daily <= panel.most:
            yield _level(panel, daily)


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


def _level(panel: _Panel, value: float) -> str:
    y = f"{panel.y(value):.1f}"
    return f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="{ORANGE}" stroke-width="2"/>'


def _dates(bottom: float, xs: Sequence[float], names: Sequence[str]) -> Iterator[str]:
    every = -(-len(names) // MOST_LABELS)
    for x, name in list(zip(xs, names, strict=True))[::every]:
        yield _text(x, bottom + 18, name, "middle")


def _text(x: float, y: float, text: str, anchor: str, size: int = 11, colour: str = INK) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{colour}">{text}</text>'


def _round_up(value: float, least: float = 4.0) -> float:
    """To a number whose quarters are easy to read."""
    step = least
    while step * 10 < value:
        step *= 10
    return next(nice * step for nice in (1, 1.5, 2, 3, 5, 10) if nice * step >= value)

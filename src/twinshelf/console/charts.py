"""Charts as numbers: where bars and segments lie. The templates draw them as SVG; colors come from the stylesheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 224
_LEFT, _TOP, _BOTTOM = 34.0, 8.0, 26.0
_GAP = 2.0


@dataclass(frozen=True)
class Segment:
    """A part of a bar that stands for a whole: from `x`, `width` wide, in percent."""

    name: str
    count: int
    x: float
    width: float


def segments(counts: Sequence[tuple[str, int]]) -> list[Segment]:
    """Parts of 100 in the proportion of `counts`; whatever is not 0 can be seen."""
    shown = [(name, count) for name, count in counts if count > 0]
    total = sum(count for _name, count in shown)
    if not total:
        return []
    least = 0.8
    widths = [max(least, 100 * count / total) for _name, count in shown]
    scale = 100 / sum(widths)
    result, x = [], 0.0
    for (name, count), width in zip(shown, widths, strict=True):
        result.append(Segment(name, count, round(x, 3), round(width * scale, 3)))
        x += width * scale
    return result


@dataclass(frozen=True)
class Block:
    """One series' part of a bar."""

    series: int
    count: int
    x: float
    y: float
    width: float
    height: float
    top: bool

    @property
    def path(self) -> str:
        """The outline: the topmost part of a bar has round corners."""
        x, y, w, h = self.x, self.y, self.width, self.height
        r = min(3.0, w / 2, h) if self.top else 0.0
        up, over = f"v{-(h - r):.1f}q0{-r:.1f} {r:.1f}{-r:.1f}", f"h{w - 2 * r:.1f}q{r:.1f} 0 {r:.1f} {r:.1f}"
        return f"M{x:.1f} {y + h:.1f}{up}{over}v{h - r:.1f}z"


@dataclass(frozen=True)
class Bar:
    day: date
    total: int
    blocks: tuple[Block, ...]
    middle: float
    label: bool
    today: bool


@dataclass(frozen=True)
class BarChart:
    """Stacked bars a day with four grid lines, for a view box of `width` × `height`."""

    bars: tuple[Bar, ...]
    lines: tuple[tuple[int, float], ...]
    width: int
    height: int

    @property
    def base(self) -> float:
        """Where the bars stand."""
        return self.height - _BOTTOM


def bar_chart(
    days: Sequence[tuple[date, Sequence[int]]], *, today: date, width: int = WIDTH, height: int = HEIGHT
) -> BarChart:
    """`days` gives the counts of each series a day; series stand on each other in their order."""
    top = nice_top(max((sum(counts) for _day, counts in days), default=0))
    space = height - _TOP - _BOTTOM
    step = (width - _LEFT) / max(1, len(days))
    bar = step * 0.56
    every = -(-len(days) // (14 if width > 500 else 7))
    bars = []
    for n, (day, counts) in enumerate(days):
        x, y = _LEFT + n * step + (step - bar) / 2, height - _BOTTOM
        blocks: list[Block] = []
        present = [series for series, count in enumerate(counts) if count]
        for series in present:
            tall = space * counts[series] / top
            gap = _GAP if blocks else 0.0
            y -= tall
            blocks.append(Block(series, counts[series], x, y, bar, max(0.5, tall - gap), series == present[-1]))
        bars.append(Bar(day, sum(counts), tuple(blocks), x + bar / 2, (len(days) - 1 - n) % every == 0, day == today))
    lines = tuple((top * n // 3, height - _BOTTOM - space * n / 3) for n in range(4))
    return BarChart(tuple(bars), lines, width, height)


def nice_top(highest: int) -> int:
    """The smallest of 3, 6, 9, 12, 15, 30, 60, 90 … that is not below: the three spaces between lines divide it."""
    top = 3
    while top < highest:
        for factor in (2, 3, 4, 5):
            if top * factor >= highest:
                return top * factor
        top *= 10
    return top

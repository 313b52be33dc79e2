"""A plot as SVG, written by hand: horizontal bars on a logarithmic axis, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _LABELS, _FIGURES, _BAR, _GAP, _HEAD = 760, 150, 60, 16, 6, 26
_COLOURS = {"ours": "#2f7ed8"}
_OTHERS = "#9aa4b1"


def bars(title: str, groups: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """Groups of named values, each at least a little above 0; the axis begins at 1, what is below gets a stub."""
    groups = {name: values for name, values in groups.items() if values}
    most = max((value for values in groups.values() for _, value in values), default=1.0)
    decades = max(1, math.ceil(math.log10(max(most, 1.0))))
    lines, top = [_text(0, 14, title, weight="bold")], _HEAD
    for name, values in groups.items():
        lines.append(_text(0, top + 14, name))
        top += _HEAD - 6
        for label, value in values:
            lines += _bar(top, label, value, decades)
            top += _BAR + _GAP
        top += _GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}"'
    ground = f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>'
    return "\n".join([f'{head} font-family="sans-serif" font-size="12">', ground, *lines, "</svg>"]) + "\n"


def _bar(top: int, label: str, value: float, decades: int) -> list[str]:
    room = _WIDTH - _LABELS - _FIGURES
    length = max(2.0, room * math.log10(max(value, 1.0)) / decades)
    colour = _COLOURS.get(label, _OTHERS)
    return [
        _text(12, top + 12, label),
        f'<rect x="{_LABELS}" y="{top}" width="{length:.1f}" height="{_BAR}" fill="{colour}"/>',
        _text(_LABELS + length + 6, top + 12, f"x{value:.3g}"),
    ]


def _text(x: float, y: float, said: str, weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y}" fill="#24292f" font-weight="{weight}">{escape(said)}</text>'

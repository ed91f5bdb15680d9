"""The drawing of a card's forgetting curve, and the sentence that says the same in words.

The drawing has no colour, style or script of its own: classes carry the look, so that it follows
light and dark under a strict Content-Security-Policy.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import svg
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from flashcards import scheduling
from flashcards.domain import durations
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from flashcards.scheduling import DEFAULT_SETTINGS, ScheduleSettings

DAY = timedelta(days=1)
# Beyond so many the oldest reviews are left out of the drawing; the table has them all.
REVIEWS_DRAWN = 150
STEPS = 16
# The chances of recall that the sentence names.
FADED = 0.9
HALF = 0.5
FARTHEST_DAYS = 36_500.0
# (width, height) for a desk and for a phone.
SIZES = ((680, 220), (340, 200))
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 28
_LEVELS = (0.0, 0.5, 0.9, 1.0)


@dataclass(frozen=True)
class Mark:
    """One review: when it was, how it was rated, and how likely the recall was just before."""

    at: datetime
    rating: Rating
    chance: float


@dataclass(frozen=True)
class Curve:
    """How likely the learner was, is and will be to recall a card."""

    # Runs of (time, chance); each begins with a review.
    runs: list[list[tuple[datetime, float]]]
    # The run from now on, if nothing is reviewed.
    ahead: list[tuple[datetime, float]]
    marks: list[Mark]
    begins: datetime
    ends: datetime
    now: datetime
    sentence: str
    drawings: tuple[SafeString, ...] = ()


def curve_of(
    card: Flashcard,
    logs: Sequence[ReviewLog],
    *,
    now: datetime,
    zone: tzinfo,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> Curve | None:
    """Return the curve of a card from its whole log; None while it has no review that stands."""
    chance = scheduling.retrievability(card, now, settings=settings)
    if chance is None or card.last_review is None:
        return None
    reviews = scheduling.after_each(card, logs, settings=settings)[-REVIEWS_DRAWN:]
    if not reviews:
        return None
    runs: list[list[tuple[datetime, float]]] = []
    marks: list[Mark] = []
    ends_of_runs = [*(log.reviewed_at for log, _ in reviews[1:]), now]
    for (log, after), until in zip(reviews, ends_of_runs, strict=True):
        run = _run(after, log.reviewed_at, max(until, log.reviewed_at), settings)
        before = runs[-1][-1][1] if runs else 0.0
        runs.append(run)
        assert log.rating is not None  # noqa: S101 - each that stands has one
        marks.append(Mark(log.reviewed_at, log.rating, before))
    begins = reviews[0][0].reviewed_at
    ends = max(card.due, now + (now - begins) / 4, now + DAY)
    curve = Curve(
        runs=runs,
        ahead=_run(card, now, ends, settings),
        marks=marks,
        begins=begins,
        ends=ends,
        now=now,
        sentence=_sentence(card, chance, now, zone, settings),
    )
    drawings = tuple(_draw(curve, width, height, zone) for width, height in SIZES)
    return dataclasses.replace(curve, drawings=drawings)


def _run(
    card: Flashcard, start: datetime, end: datetime, settings: ScheduleSettings
) -> list[tuple[datetime, float]]:
    # Closer together where the curve is steep: right after a review.
    times = [start + (end - start) * (step / STEPS) ** 2 for step in range(STEPS + 1)]
    return [
        (time, scheduling.retrievability(card, time, settings=settings) or 0.0) for time in times
    ]


def _sentence(
    card: Flashcard, chance: float, now: datetime, zone: tzinfo, settings: ScheduleSettings
) -> str:
    first = f"Right now you would recall it with a chance of {chance:.0%}."
    assert card.last_review is not None  # noqa: S101 - asked by `curve_of`
    parts = []
    for level in (FADED, HALF):
        days = scheduling.days_until(card, level, settings=settings)
        at = card.last_review + timedelta(days=min(days, FARTHEST_DAYS))
        if at > now:
            parts.append(f"to {level:.0%} {durations.due(at, now=now, zone=zone)}")
    if not parts:
        return f"{first} Another review lifts it again."
    return f"{first} Without another review that falls {' and '.join(parts)}."


# The drawing


@dataclass(frozen=True)
class _Scale:
    """From times and chances to places in the drawing."""

    curve: Curve
    width: int
    height: int

    def x(self, at: datetime) -> float:
        span = max(self.curve.ends - self.curve.begins, timedelta(seconds=1))
        share = (at - self.curve.begins) / span
        return round(_LEFT + share * (self.width - _LEFT - _RIGHT), 1)

    def y(self, chance: float) -> float:
        return round(_TOP + (1 - chance) * (self.height - _TOP - _BOTTOM), 1)


def _draw(curve: Curve, width: int, height: int, zone: tzinfo) -> SafeString:
    scale = _Scale(curve, width, height)
    elements: list[Any] = [*_grid(scale), *_days(scale, zone)]
    elements += [_path(scale, run, "curve-line") for run in curve.runs]
    elements.append(_path(scale, curve.ahead, "curve-line curve-line--ahead"))
    elements += [_mark(scale, mark, zone) for mark in curve.marks]
    drawing = svg.SVG(
        viewBox=svg.ViewBoxSpec(0, 0, width, height),
        class_=["curve", f"curve--{width}"],
        extra={"role": "img", "aria-label": escape(curve.sentence)},
        elements=elements,
    )
    # Made of numbers and of words of ours, escaped where they are put in.
    return mark_safe(drawing.as_str())  # noqa: S308 - see above


def _grid(scale: _Scale) -> list[Any]:
    elements: list[Any] = []
    for level in _LEVELS:
        y = scale.y(level)
        kind = "curve-wanted" if level == FADED else "curve-grid"
        elements.append(svg.Line(x1=_LEFT, x2=scale.width - _RIGHT, y1=y, y2=y, class_=[kind]))
        # 90 and 100% lie too near one another for two labels.
        if level != 1.0:
            elements.append(_label(_LEFT - 6, y + 4, f"{level:.0%}", "end"))
    return elements


def _days(scale: _Scale, zone: tzinfo) -> list[Any]:
    curve, y = scale.curve, scale.height - 8
    now = scale.x(curve.now)
    elements: list[Any] = [
        svg.Line(x1=now, x2=now, y1=_TOP, y2=scale.height - _BOTTOM, class_=["curve-now"]),
        _label(_middle(scale, now), y, "now", "middle"),
    ]
    if now - _LEFT > 90:
        elements.append(_label(_LEFT, y, _date(curve.begins, curve, zone), "start"))
    if scale.width - _RIGHT - now > 90:
        end = scale.width - _RIGHT
        elements.append(_label(end, y, _date(curve.ends, curve, zone), "end"))
    return elements


def _middle(scale: _Scale, x: float) -> float:
    return min(max(x, _LEFT + 12), scale.width - _RIGHT - 12)


def _date(at: datetime, curve: Curve, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    if curve.ends - curve.begins > 300 * DAY:
        return f"{local:%b %Y}"
    return f"{local.day} {local:%b}"


def _path(scale: _Scale, run: Sequence[tuple[datetime, float]], kind: str) -> svg.Path:
    first, *rest = [(scale.x(at), scale.y(chance)) for at, chance in run]
    d: list[Any] = [svg.MoveTo(*first), *(svg.LineTo(*point) for point in rest)]
    return svg.Path(d=d, class_=kind.split())


def _mark(scale: _Scale, mark: Mark, zone: tzinfo) -> svg.Circle:
    name = mark.rating.name
    said = f"{name.capitalize()}, {mark.at.astimezone(zone):%-d %B %Y}"
    if mark.chance:
        said += f", recall was {mark.chance:.0%} likely"
    return svg.Circle(
        cx=scale.x(mark.at),
        cy=scale.y(1.0 if mark.rating is not Rating.AGAIN else mark.chance),
        r=4,
        class_=["curve-mark", f"curve-mark--{name.lower()}"],
        elements=[svg.Title(text=escape(said))],
    )


def _label(x: float, y: float, text: str, anchor: Any) -> svg.Text:
    return svg.Text(x=x, y=y, text=escape(text), text_anchor=anchor, class_=["curve-label"])

"""The page of a fit in words: what is known of a learner's memory, and where FSRS does not fit."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString

from flashcards import study_settings
from flashcards.cards import bulk_actions
from flashcards.charts import parts, trend
from flashcards.domain import durations
from flashcards.insight import fit_groups, memory_fit
from flashcards.insight.fit_groups import Group
from flashcards.models import BulkChange, ParameterFit
from flashcards.scheduling import DEFAULT_MODEL, DEFAULT_PARAMETERS
from flashcards.scheduling.fitting.forecast import Concern
from flashcards.scheduling.fitting.guard import FULL_ITEMS, LEAST_ITEMS, Verdict
from flashcards.study_settings import EffectiveSettings

Figures = dict[str, Any]
# Ratios that have a name of their own, and how near one must be.
_NAMED = (
    (1.25, "about a quarter longer than average"),
    (1.33, "about a third longer than average"),
    (1.5, "about half as long again as average"),
    (2.0, "about twice as long as average"),
    (3.0, "about three times as long as average"),
    (0.8, "about a fifth shorter than average"),
    (0.75, "about a quarter shorter than average"),
    (0.67, "about a third shorter than average"),
    (0.5, "about half as long as average"),
)
_NEAR = 0.035
_ALIKE = 0.05
# Below that a change of the number of reviews is not worth a word.
_FEW_PERCENT = 2
# What each parameter says, in the order of the parameters.
MEANINGS = (
    "Days a new card holds after Again",
    "Days a new card holds after Hard",
    "Days a new card holds after Good",
    "Days a new card holds after Easy",
    "Difficulty of a new card",
    "How much the first answer changes difficulty",
    "How much later answers change difficulty",
    "How strongly difficulty goes back to its middle",
    "How much a memory grows with each success",
    "How much less the longer-lasting ones grow",
    "How much more they grow the later the review",
    "What is left of a memory after forgetting",
    "How much less of that for difficult cards",
    "How much more of that for lasting memories",
    "How much more of that the later the review",
    "Hard: the share of the growth of Good",
    "Easy: the multiple of the growth of Good",
    "How much a second answer of a day changes",
    "Where a second answer of a day makes no change",
    "How much less that is for lasting memories",
    "How the forgetting curve bends",
)


@dataclass(frozen=True)
class Concerned:
    """Something that does not fit, in a sentence and what follows from it."""

    sentence: str
    advice: str
    # Whether counting Hards as Again is offered.
    offers_hard: bool = False


@dataclass(frozen=True)
class Choice:
    """One of the groups of cards that can be looked at."""

    name: str
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class MemoryPage:
    """Everything the page shows."""

    group: Group
    choices: list[Choice]
    fit: ParameterFit | None
    # The fit of other cards that is under way.
    other: ParameterFit | None
    # What moves cards at the moment.
    change: BulkChange | None
    is_other_model: bool
    is_automatic: bool
    is_month_old: bool
    # The fit that the parameters in use come from, if they come from one.
    in_use: ParameterFit | None
    parameters: list[tuple[int, str, float, float]]
    # Whether the fit rests on Hards that meant "forgot".
    is_misled: bool = False
    sentence: str = ""
    more: str = ""
    figures: list[tuple[str, str, str]] = field(default_factory=list)
    concerns: list[Concerned] = field(default_factory=list)
    due: str = ""
    calibration: SafeString | None = None
    calibration_sentence: str = ""
    calibration_rows: list[tuple[str, str, str, int]] = field(default_factory=list)

    @property
    def is_fitted(self) -> bool:
        return bool(self.group.settings.parameters)


def page_of(owner_id: UUID, preset_id: int | None, now: datetime) -> MemoryPage:
    """Return the page of the newest fit of all cards, or of those of a preset that decks use.

    Costs seven SQL queries.
    """
    settings = study_settings.settings_for(owner_id=owner_id)
    group = fit_groups.group_of(settings, preset_id) or fit_groups.groups(settings)[0]
    fit = memory_fit.latest(owner_id=owner_id, preset_id=group.preset_id, now=now)
    under_way = memory_fit.under_way(owner_id=owner_id)
    used = group.settings.parameters or DEFAULT_PARAMETERS
    is_other_model = settings.memory_model != DEFAULT_MODEL
    is_offered = fit is not None and fit.status == ParameterFit.Status.DONE and fit.parameters
    shown = fit.parameters if fit is not None and is_offered else used
    page = MemoryPage(
        group=group,
        choices=_choices(settings, group),
        fit=fit,
        other=under_way if under_way and (fit is None or under_way.pk != fit.pk) else None,
        change=bulk_actions.under_way(owner_id=owner_id),
        is_other_model=is_other_model,
        is_automatic=memory_fit.is_automatic(owner_id=owner_id),
        is_month_old=memory_fit.is_month_old(fit, now),
        in_use=memory_fit.adopted(owner_id=owner_id, group=group),
        parameters=[] if is_other_model else _parameters(shown),
    )
    return _with_result(page, fit) if fit is not None and fit.result else page


def url_of(preset_id: int | None) -> str:
    """Return the address of the page of all cards, or of a preset's."""
    url = reverse("flashcards:insight_memory")
    return url if preset_id is None else f"{url}?preset={preset_id}"


def _choices(settings: EffectiveSettings, chosen: Group) -> list[Choice]:
    """Return what there is to choose from; nothing if that is one."""
    found = fit_groups.groups(settings)
    if len(found) == 1:
        return []
    return [
        Choice(each.name or "All cards without a preset", url_of(each.preset_id), each == chosen)
        for each in found
    ]


def _parameters(shown: Sequence[float]) -> list[tuple[int, str, float, float]]:
    rows = zip(MEANINGS, shown, DEFAULT_PARAMETERS, strict=True)
    return [(number, *row) for number, row in enumerate(rows)]


def _with_result(page: MemoryPage, fit: ParameterFit) -> MemoryPage:
    result: Figures = fit.result
    points = result["calibration_after"] if fit.parameters else result["calibration_before"]
    return dataclasses.replace(
        page,
        is_misled=memory_fit.is_misled(fit),
        sentence=sentence_of(result),
        more=more_of(result),
        figures=figures_of(result),
        concerns=[_concerned(each, fit) for each in result["findings"]],
        due=due_sentence(result["effect"]),
        calibration=_drawn(points) if points else None,
        calibration_sentence=calibration_sentence(points),
        calibration_rows=[
            (
                f"{each['predicted']:.1%}",
                f"{each['recalled']:.1%}",
                _points(each["recalled"] - each["predicted"]),
                each["items"],
            )
            for each in points
        ],
    )


def sentence_of(result: Figures) -> str:
    """Return the finding in one sentence."""
    if result["verdict"] == Verdict.TOO_FEW:
        there = "There is" if result["items"] == 1 else "There are"
        return (
            f"{there} {durations.count(result['items'], 'review')} to learn from, and a fit needs "
            f"{LEAST_ITEMS}. Until then the averages of many people schedule your cards best."
        )
    compared = result["comparison"]
    if result["verdict"] == Verdict.NO_BETTER:
        return (
            "The parameters in use predict your answers as well as newly fitted ones would, "
            "so nothing needs to change."
        )
    if compared is None:
        # No card is in review.
        return "Newly fitted parameters predict your answers better than those in use."
    lasting = lasting_words(compared["lasting"])
    return f"Your memory of these cards holds {lasting}: {_effort(compared)}"


def lasting_words(ratio: float) -> str:
    """Return how long memories hold beside the average, in words: "about a third longer"."""
    if abs(ratio - 1) < _ALIKE:
        return "about as long as average"
    for value, words in _NAMED:
        if abs(ratio / value - 1) < _NEAR:
            return words
    if ratio >= 2:
        return f"about {ratio:.1f} times as long as average"
    change = abs(ratio - 1)
    return f"about {change:.0%} {'longer' if ratio > 1 else 'shorter'} than average"


def _effort(compared: Figures) -> str:
    percent = round(100 * abs(compared["reviews"] - 1))
    if percent < _FEW_PERCENT:
        return "about as many reviews for the same retention, at better times."
    if compared["reviews"] < 1:
        return f"the same retention for {percent}% fewer reviews."
    return f"for the retention you chose you need {percent}% more reviews."


def more_of(result: Figures) -> str:
    """Return what the finding rests on."""
    if result["verdict"] == Verdict.TOO_FEW:
        return ""
    judged = result["after"]["items"]
    basis = (
        f"Learnt from {durations.count(result['items'], 'review')} a day or more after the one "
        f"before, and judged on the newest {judged:,} of them, which the judged fit had not seen."
    )
    if result["only_initial"]:
        basis += (
            f" With fewer than {FULL_ITEMS:,} reviews only the four first intervals are fitted."
        )
    return basis


def figures_of(result: Figures) -> list[tuple[str, str, str]]:
    """Return (measure, in use, fitted) of the newest fifth of the reviews."""
    if result["verdict"] == Verdict.TOO_FEW:
        return []
    before, after = result["before"], result["after"]
    return [
        ("Log loss", f"{before['log_loss']:.4f}", f"{after['log_loss']:.4f}"),
        ("RMSE (bins)", f"{before['rmse_bins']:.2%}", f"{after['rmse_bins']:.2%}"),
    ]


def due_sentence(effect: Figures | None) -> str:
    """Return what adopting would do to the due dates."""
    if effect is None:
        return ""
    earlier, later = effect["earlier"], effect["later"]
    if not earlier and not later:
        return "No card would move to another day."
    parts_of = []
    if earlier:
        parts_of.append(f"{durations.count(earlier, 'card')} would come earlier")
    if later:
        parts_of.append(f"{durations.count(later, 'card')} later" if earlier else
                        f"{durations.count(later, 'card')} would come later")  # fmt: skip
    moved = f"About {' and '.join(parts_of)}"
    if effect["due_now"] == effect["due_then"]:
        return f"{moved}; as many would be due today."
    return f"{moved}; {effect['due_then']:,} would be due today instead of {effect['due_now']:,}."


def calibration_sentence(points: list[Figures]) -> str:
    """Return what the calibration plot shows."""
    total = sum(each["items"] for each in points)
    if not total:
        return ""
    predicted, recalled = (
        sum(each[name] * each["items"] for each in points) / total
        for name in ("predicted", "recalled")
    )
    off = max(points, key=lambda each: abs(each["predicted"] - each["recalled"]))
    return (
        f"Of the newest {total:,} reviews {predicted:.0%} were predicted to be recalled, and "
        f"{recalled:.0%} were; where the prediction was {off['predicted']:.0%}, it was "
        f"{off['recalled']:.0%}, which is the farthest off."
    )


def _concerned(finding: Figures, fit: ParameterFit) -> Concerned:
    amount = finding["amount"]
    if finding["concern"] == Concern.TOO_FEW:
        return Concerned(
            f"There are {int(amount):,} of the {LEAST_ITEMS} reviews that a fit needs.",
            "Reviews a day or more after the one before count. Go on reviewing.",
        )
    if finding["concern"] == Concern.HARD_FOR_FORGOTTEN:
        return Concerned(
            f"You seem to press Hard for cards you forgot: {amount:.0%} of your reviews are Hard, "
            "and the more so the longer ago a card was seen.",
            f"Hard counts as recalled, so your recall looks up to {100 * amount:.0f} points better "
            "than it is, and cards come back too late. Press Again when you forgot; Hard is for "
            "what you recalled with effort.",
            offers_hard=not fit.hard_as_again,
        )
    if finding["concern"] == Concern.TIME_DOES_NOT_MATTER:
        return Concerned(
            "Your recall hardly depends on how long ago a card was seen: one and the same chance "
            f"for every review has {1 - amount:.1%} less loss than FSRS's predictions.",
            "Intervals then matter little. It may help to split cards that ask for several things, "
            "and to answer before you look.",
        )
    if finding["is_uneven"]:
        return Concerned(
            f"Predictions are off by {100 * amount:.0f} points on average, too high for some "
            "reviews and too low for others.",
            "The due dates are rougher than usual. Decks that are much harder than others are "
            "better fitted apart.",
        )
    way, effect = ("higher", "late") if amount > 0 else ("lower", "early")
    return Concerned(
        f"Predicted recall is {100 * abs(amount):.0f} points {way} than what you recalled lately.",
        f"Cards come somewhat too {effect}. A new fit after more reviews corrects it.",
    )


def _drawn(points: list[Figures]) -> SafeString:
    data = [
        trend.Point(
            label=f"{each['predicted']:.0%}",
            values=(each["recalled"], each["predicted"]),
            title=(
                f"Predicted {each['predicted']:.1%}, recalled {each['recalled']:.1%} "
                f"of {durations.count(each['items'], 'review')}"
            ),
        )
        for each in points
    ]
    shares = [value for each in data for value in each.values if value is not None]
    return trend.trend(
        data,
        name="Calibration: recall beside what was predicted",
        kinds=("1", "2"),
        scale=parts.percents(shares),
    )


def _points(difference: float) -> str:
    """Return a difference of shares in points, with its sign."""
    points = round(100 * difference, 1)
    sign = "\N{MINUS SIGN}" if points < 0 else "+" if points > 0 else ""
    return f"{sign}{abs(points):.1f}"

"""Which backups are kept, over ends of months and years, missed nights and clocks set back."""

from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.maintenance.retention import Dated, Rule, expired

RULE = Rule(daily=7, weekly=4, monthly=6)
NIGHT = datetime(2026, 1, 1, 3, tzinfo=UTC)


def night(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=3, tzinfo=UTC)


def dated(moment: datetime, *, verified: bool = True) -> Dated:
    return Dated(f"{moment:%Y-%m-%d %H:%M:%S}", moment, verified)


def lived(nights: list[datetime], rule: Rule = RULE) -> list[str]:
    """Return the days of what is kept after a backup in each of these nights."""
    there: list[Dated] = []
    for moment in nights:
        there.append(dated(moment))
        gone = expired(there, rule, now=moment)
        there = [each for each in there if each.name not in gone]
    return [each.name[:10] for each in there]


class RetentionTests(SimpleTestCase):
    def test_after_a_year_of_nights_days_weeks_and_months_are_kept(self) -> None:
        nights = [night("2026-01-01") + timedelta(days=n) for n in range(365)]
        self.assertEqual(
            lived(nights),
            [
                *("2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30"),
                # Ends of weeks, of which the last is the current one.
                *("2026-12-13", "2026-12-20"),
                *(f"2026-12-{day}" for day in range(25, 32)),
            ],
        )

    def test_the_turn_of_the_year_is_one_week_and_two_months(self) -> None:
        # 2026-12-28 to 2027-01-03 is the ISO week 53 of 2026.
        nights = [night("2026-12-20") + timedelta(days=n) for n in range(16)]
        self.assertEqual(
            lived(nights, Rule(daily=1, weekly=2, monthly=2)),
            ["2026-12-31", "2027-01-03", "2027-01-04"],
        )

    def test_a_leap_day_is_a_day(self) -> None:
        nights = [night("2028-02-27") + timedelta(days=n) for n in range(4)]
        self.assertEqual(
            lived(nights, Rule(daily=2, weekly=0, monthly=2)),
            ["2028-02-29", "2028-03-01"],
        )

    def test_missed_nights_take_no_place(self) -> None:
        nights = [night(f"2026-03-{day:02}") for day in (1, 2, 9, 10, 30)]
        self.assertEqual(
            lived(nights, Rule(daily=3, weekly=0, monthly=0)),
            ["2026-03-09", "2026-03-10", "2026-03-30"],
        )

    def test_of_several_in_a_day_the_newest_is_kept(self) -> None:
        three = [dated(NIGHT + timedelta(hours=n)) for n in range(3)]
        gone = expired(three, RULE, now=NIGHT + timedelta(hours=3))
        self.assertEqual(gone, [three[0].name, three[1].name])

    def test_one_that_was_not_verified_replaces_none(self) -> None:
        good, bad = dated(NIGHT), dated(NIGHT + timedelta(days=1), verified=False)
        now = NIGHT + timedelta(days=2)
        self.assertEqual(expired([good, bad], Rule(1, 0, 0), now=now), [])
        newer = dated(now)
        self.assertEqual(expired([good, bad, newer], Rule(1, 0, 0), now=now), [good.name, bad.name])

    def test_with_nothing_to_keep_the_last_good_one_stays(self) -> None:
        two = [dated(NIGHT), dated(NIGHT + timedelta(days=1))]
        now = NIGHT + timedelta(days=9)
        self.assertEqual(expired(two, Rule(0, 0, 0), now=now), [two[0].name])

    def test_without_a_good_one_nothing_goes(self) -> None:
        bad = [dated(NIGHT + timedelta(days=n), verified=False) for n in range(9)]
        self.assertEqual(expired(bad, Rule(1, 0, 0), now=NIGHT + timedelta(days=9)), [])

    def test_after_a_clock_was_years_ahead_new_ones_are_kept(self) -> None:
        ahead = [night("2031-05-01") + timedelta(days=n) for n in range(9)]
        right = [night("2026-05-10") + timedelta(days=n) for n in range(9)]
        kept = lived([*ahead, *right])
        self.assertEqual([day for day in kept if day < "2031"][-7:], lived(right)[-7:])
        self.assertEqual(len([day for day in kept if day > "2031"]), 7)

    def test_the_same_moment_in_another_zone_is_the_same_day(self) -> None:
        there = datetime.fromisoformat("2026-05-01T23:30:00-05:00")
        here = datetime.fromisoformat("2026-05-02T03:00:00+00:00")
        gone = expired([dated(there), dated(here)], RULE, now=there + timedelta(days=1))
        self.assertEqual(gone, [dated(here).name])


moments = st.datetimes(
    # Hypothesis wants its bounds without a zone.
    datetime(2025, 11, 1),  # noqa: DTZ001
    datetime(2027, 3, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
rules = st.builds(Rule, *(st.integers(0, 8) for _ in range(3)))
backups = st.lists(st.builds(dated, moments, verified=st.booleans()), unique_by=lambda b: b.name)


class RetentionProperties(SimpleTestCase):
    @settings(max_examples=200)
    @given(backups, rules, moments)
    def test_the_rule(self, there: list[Dated], rule: Rule, now: datetime) -> None:
        gone = expired(there, rule, now=now)
        self.assertEqual(len(gone), len(set(gone)))
        left = [each for each in there if each.name not in gone]
        verified = sorted((b for b in there if b.verified), key=lambda b: b.made_at)
        # The last good one stays, and nothing goes without it.
        if verified:
            past = [each for each in verified if each.made_at <= now]
            self.assertIn((past or verified)[-1], left)
        else:
            self.assertEqual(gone, [])
        # Never more than the rule says, besides those from the future and the last good one.
        past_left = [each for each in left if each.verified and each.made_at <= now]
        self.assertLessEqual(len(past_left), max(1, rule.daily + rule.weekly + rule.monthly))
        # As many days as there are, up to the rule's.
        days = {each.made_at.date() for each in verified if each.made_at <= now}
        left_days = {each.made_at.date() for each in past_left}
        self.assertLessEqual(set(sorted(days)[len(days) - min(rule.daily, len(days)) :]), left_days)
        # Done once, it is done.
        self.assertEqual(expired(left, rule, now=now), [])

    @settings(max_examples=50)
    @given(st.lists(st.integers(1, 40), min_size=1, max_size=150), rules)
    def test_night_after_night_it_keeps_what_it_would_keep_of_all(
        self, gaps: list[int], rule: Rule
    ) -> None:
        nights = [NIGHT]
        for gap in gaps:
            nights.append(nights[-1] + timedelta(days=gap))
        there = [dated(moment) for moment in nights]
        gone = expired(there, rule, now=nights[-1])
        wanted = [each.name[:10] for each in there if each.name not in gone]
        self.assertEqual(lived(nights, rule), wanted)

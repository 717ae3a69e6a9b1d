#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Plants a history in a ledger, and the dashboard export of a vendor who holds what was planted.

reconcile_plan.py LEDGER EXPORT SEED OFFSET_MINUTES [KIND...]   a random history (of these kinds only)
reconcile_plan.py LEDGER EXPORT - OFFSET_MINUTES < PLAN         lines of: KIND TIME OUTCOME COUNT

Prints what a reconciliation must find, a line each: day, outcome, cause, units. The ledger is written in
plain SQL, as sending and settling would leave it. The export's moment is NOW; what is planted lies before.
"""
import collections
import random
import sqlite3
import sys
from datetime import datetime, timezone

DAY = 86400000
NOW = int(datetime(2026, 2, 1, tzinfo=timezone.utc).timestamp() * 1000)  # the moment of the export
FIRST = int(datetime(2026, 1, 10, tzinfo=timezone.utc).timestamp() * 1000)

# What the vendor holds of one, what the ledger counts, and the cause for the difference.
Kind = collections.namedtuple("Kind", "held unit cause uncertain")
KINDS = {
    "told": Kind(1, 1, None, False),
    "told_again_later": Kind(1, 1, None, False),  # a try that was not accepted, then one that was
    "pending": Kind(0, 0, None, False),
    "recorded_later": Kind(0, 0, None, False),  # imported after the export
    "not_reportable": Kind(0, 1, "not_reportable", False),
    "unsettled": Kind(0, 1, "unsettled", False),
    "unsent": Kind(0, 1, "unsent", False),
    "retrying": Kind(0, 1, "unsent", False),
    "requeued": Kind(0, 1, "unsent", False),  # dead, and queued again
    "later": Kind(0, 1, "reported_after_export", False),
    "dead": Kind(0, 1, "dead", False),
    "erased": Kind(0, 1, "erased", False),
    "erased_pending": Kind(0, 1, "erased", False),
    "corrected": Kind(1, 0, "corrected", False),  # the failure that was told; its success is `told`
    "corrected_untold": Kind(0, 0, None, False),  # the same, but that failure was never sent
    "lost": Kind(0, 1, "unexplained", False),  # acknowledged, and not counted
    "extra": Kind(1, 0, "unexplained", False),  # counted, and not of this ledger
    # Uncertain, and at most one of these kinds for a day and outcome: only their sum can be known.
    "deferred_counted": Kind(1, 1, None, True),
    "deferred": Kind(0, 1, "deferred", True),
    "twice": Kind(2, 1, "ambiguous", True),  # acknowledged; an ambiguous try before had arrived
    "once": Kind(1, 1, None, True),  # the same, but it had not
    "arrived": Kind(1, 1, None, True),  # an ambiguous try that had arrived; still queued
    "not_arrived": Kind(0, 1, "unsent", True),
    "under_way": Kind(1, 1, None, True),  # answered after the export, counted before
    "left_open": Kind(2, 1, "ambiguous", True),  # acknowledged; a try whose answer nobody saw
    "dead_arrived": Kind(1, 1, None, True),  # a try that had arrived, then one that was refused
    "dead_not_arrived": Kind(0, 1, "dead", True),
    "erased_arrived": Kind(1, 1, None, True),  # the same, then erased
    "erased_not_arrived": Kind(0, 1, "erased", True),
}
CORRECTED = {"corrected", "corrected_untold"}  # and a success beside it
FAILURES_ONLY = {"not_reportable", "unsettled", "erased_pending"} | CORRECTED
UNEXPLAINED = {"lost", "extra"}


class Ledger:
    def __init__(self, database):
        self.database = database
        self.setting = self.database.execute("SELECT max(id) FROM setting").fetchone()[0]

    def add(self, table, **values):
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        return self.database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values())).lastrowid

    def report(self, attempt, at, outcome):
        return self.add("report", attempt_id=attempt, outcome=outcome, recorded_at=at)

    def attempted(self, report, at, result, finished=None, status=None):
        return self.add("try", report_id=report, owner="test:1", started_at=at, lease_until=at + 60000,
                        finished_at=finished or (at + 500 if result else None), result=result, status=status)

    def event(self, report, at, state):
        return self.add("report_event", report_id=report, recorded_at=at, state=state)


def plant(ledger, kind, at, outcome):
    """One unit, at a moment before the export."""
    reasons = '["email_taken"]' if outcome == "failure" else None
    if kind == "extra":
        return
    if kind == "pending":
        ledger.add("attempt", recorded_at=at, attempted_at=at, setting_id=ledger.setting, outcome="pending",
                   lifetime_ms=NOW, has_password=0)
        return
    if kind in {"unsettled", "erased_pending"} | CORRECTED:
        attempt = ledger.add("attempt", recorded_at=at, attempted_at=at, setting_id=ledger.setting, outcome="pending",
                             lifetime_ms=3600000, has_password=0)
        if kind in CORRECTED:
            for told, why, customer in (("failure", '["verification_expired"]', None), ("success", None, attempt)):
                at += 5000
                ledger.add("decision", attempt_id=attempt, recorded_at=at, decided_at=at, outcome=told, reasons=why, customer_id=customer)
                report = ledger.report(attempt, at, told)
                if told == "failure" and kind == "corrected_untold":
                    continue
                ledger.attempted(report, at + 2500, "accepted")
                ledger.event(report, at + 3000, "acknowledged")
        elif kind == "erased_pending":
            ledger.add("decision", attempt_id=attempt, recorded_at=at + 5000, decided_at=at + 5000, outcome="failure", reasons='["erased"]')
        return
    identifier = ledger.database.execute("SELECT coalesce(max(id), 0) + 1 FROM attempt").fetchone()[0]
    attempt = ledger.add("attempt", id=identifier, recorded_at=NOW + 1000 if kind == "recorded_later" else at, attempted_at=at,
                         setting_id=ledger.setting, outcome=outcome, has_password=0,
                         reasons='["password_too_short"]' if kind == "not_reportable" else reasons,
                         customer_id=identifier if outcome == "success" else None)
    if kind in ("not_reportable", "recorded_later"):
        return
    report = ledger.report(attempt, at, outcome)
    at += 3000
    if kind in ("told_again_later", "retrying"):
        ledger.attempted(report, at, "not_accepted", status=503)
        at += 1000
    if kind in ("twice", "once", "arrived", "not_arrived", "dead_arrived", "dead_not_arrived", "erased_arrived", "erased_not_arrived"):
        ledger.attempted(report, at, "ambiguous")
        at += 1000
    if kind == "left_open":
        ledger.attempted(report, at, None)
        at += 1000
    if kind in ("told", "told_again_later", "lost", "twice", "once", "left_open"):
        ledger.attempted(report, at, "accepted", status=200)
        ledger.event(report, at + 500, "acknowledged")
    elif kind in ("deferred", "deferred_counted"):
        ledger.attempted(report, at, "deferred", status=429)
        ledger.event(report, at + 500, "deferred")
    elif kind in ("dead", "requeued", "dead_arrived", "dead_not_arrived"):
        ledger.attempted(report, at, "refused", status=400)
        ledger.event(report, at + 500, "dead")
        if kind == "requeued":
            ledger.event(report, at + 900, "queued")
    elif kind in ("erased", "erased_arrived", "erased_not_arrived"):
        ledger.event(report, at + 500, "erased")
    elif kind == "later":
        ledger.attempted(report, NOW + 1000, "accepted", status=200)
        ledger.event(report, NOW + 1500, "acknowledged")
    elif kind == "under_way":
        ledger.attempted(report, NOW - 100, "accepted", finished=NOW + 400, status=200)
        ledger.event(report, NOW + 400, "acknowledged")


def random_plan(seed, kinds, shift):
    """Days of the vendor's; each day and outcome holds either uncertain units of one kind or unexplained ones, beside the others."""
    chance = random.Random(seed)
    plan = []
    for day in range(chance.randint(3, 8)):
        for outcome in ("success", "failure"):
            certain = [k for k in kinds if not KINDS[k].uncertain and k not in UNEXPLAINED
                       and (k not in FAILURES_ONLY or outcome == "failure")]
            used = [("told", chance.randint(20, 60))] + [(k, chance.randint(0, 4)) for k in certain]
            uncertain = [k for k in kinds if KINDS[k].uncertain]
            wrong = [k for k in kinds if k in UNEXPLAINED]
            if uncertain and chance.random() < 0.5:
                used.append((chance.choice(uncertain), chance.randint(1, 4)))
            elif wrong and chance.random() < 0.3:
                used.append((chance.choice(wrong), chance.randint(1, 4)))
            for kind, count in used:
                for _ in range(count):
                    plan.append((kind, FIRST + day * DAY + chance.randrange(DAY) - shift, outcome))
    return plan


def read_plan(lines):
    for line in lines:
        kind, time, outcome, count = line.split()
        at = int(datetime.fromisoformat(time + "+00:00").timestamp() * 1000)
        for i in range(int(count)):
            yield kind, at + i, outcome


def day_text(moment):
    return datetime.fromtimestamp(moment // 1000, timezone.utc).strftime("%Y-%m-%d")


def main():
    path, export, seed, offset = sys.argv[1:5]
    shift = int(offset) * 60000
    plan = list(read_plan(sys.stdin)) if seed == "-" else random_plan(int(seed), sys.argv[5:] or list(KINDS), shift)
    ledger = Ledger(sqlite3.connect(path))
    vendor, expected, days = collections.Counter(), collections.Counter(), set()
    for kind, at, outcome in plan:
        plant(ledger, kind, at, outcome)
        facts = KINDS[kind]
        units = [(kind, outcome)] + ([("told", "success")] if kind in CORRECTED else [])
        for unit, told in units:
            facts = KINDS[unit]
            vendor[day_text(at + shift), told] += facts.held
            if facts.cause:
                expected[day_text(at + shift), told, facts.cause] += facts.held - facts.unit
            # Counted by its own day, and by the vendor's.
            expected[day_text(at), told, "day_edge"] -= facts.unit
            expected[day_text(at + shift), told, "day_edge"] += facts.unit
        days.update((day_text(at), day_text(at + shift)))
    ledger.database.commit()
    last = max(day_text(at + shift) for _, at, _ in plan)
    first = min(day_text(at + shift) for _, at, _ in plan)
    with open(export, "w", encoding="utf-8") as file:
        file.write("date,success,failure\n")
        for day in sorted(d for d in days if first <= d <= last):
            file.write(f"{day},{vendor[day, 'success']},{vendor[day, 'failure']}\n")
    for (day, outcome, cause), units in sorted(expected.items()):
        if units and first <= day <= last:
            print(day, outcome, cause, units)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The rules in SQL alone: sql/rules/NAME.sql over small ledgers that are set by hand, without the extension.

Each is run as a whole, and step by step as its file stands (stage.py): either way it must leave the same.
"""
import glob
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reg
from stage import LIFETIME, REPORTABLE, Stage, key, steps

ADA, GRACE = "ada@example.com", "grace@example.com"
tested = set()


def equal(got, expected, name):
    reg.equal(got, expected, name)


class Tested(Stage):
    def rule(self, rule, **values):
        tested.add(rule)
        super().rule(rule, **values)


def signup(id, **values):
    """What admission is told of a sign-up that nothing is wrong with."""
    told = dict(id=id, recorded_at=1000 * id, attempted_at=1000 * id, setting_id=1, has_password=1, reasons="", reasons_before="", reasons_after="",
                unique_email=1, unique_phone=1, confirm="never", pending_ms=LIFETIME, code_kind="pin", code_digits=6, code_sandbox=0,
                resend_pause_ms=60000, codes_per_day=10, reportable=REPORTABLE)
    for name in ("email", "username"):
        if name in values:
            told[name + "_folded"] = values[name]
    for name in ("email", "phone", "username", "uuid"):
        if name in values:
            told[name + "_key"] = key(values[name])
    told.update(values)
    return told


# -- admit --

stage = Tested()
stage.rule("admit", **signup(1, email=ADA, password_hash="hash"))
equal(stage.rows("SELECT outcome, reasons, customer_id FROM attempt"), [("success", None, 1)], "admit: a sign-up with nothing against it succeeds")
equal(stage.rows("SELECT holder, attempt_id FROM subject_index"), [(1, 1)], "admit: and holds its address from then on")
equal(stage.one("SELECT password_hash FROM person"), "hash", "admit: its password is kept")
equal(stage.rows("SELECT attempt_id, outcome, next_try_at FROM report"), [(1, "success", 1000)], "admit: its success is due to the fraud API")
stage.rule("admit", **signup(2, email=ADA, username="ada", password_hash="hash"))
equal(stage.rows("SELECT outcome, reasons FROM attempt WHERE id = 2"), [("failure", '["email_taken"]')], "admit: the same address again is taken")
equal(stage.one("SELECT password_hash FROM person WHERE attempt_id = 2"), None, "admit: the password of a failure is not kept")
stage.rule("admit", **signup(3, email=GRACE, username="ada"))
equal(stage.one("SELECT outcome FROM attempt WHERE id = 3"), "success", "admit: a failed attempt holds nothing")

everything = dict(email=ADA, phone="+16045550001", username="ada", uuid="u1")
for given in range(16):
    names = [name for bit, name in enumerate(everything) if given >> bit & 1]
    stage = Tested()
    stage.rule("admit", **signup(1, **everything))
    found = {"reasons_before": '"name_invalid",', "reasons_after": ',"prevented"', "reasons": '"name_invalid","prevented"'}
    stage.rule("admit", **signup(2, **{name: everything[name] for name in names}))
    stage.rule("admit", **signup(3, **found, **{name: everything[name] for name in names}))
    taken = [f'"{name}_taken"' for name in names]
    equal(stage.rows("SELECT reasons FROM attempt WHERE id > 1"),
          [("[" + ",".join(taken) + "]" if taken else None,), ("[" + ",".join(['"name_invalid"', *taken, '"prevented"']) + "]",)],
          f"admit: reasons in order where taken is: {' '.join(names) or 'nothing'}")

stage = Tested()
stage.rule("admit", **signup(1, email=ADA))
stage.rule("admit", **signup(2, email=ADA, unique_email=0))
equal(stage.one("SELECT outcome FROM attempt WHERE id = 2"), "success", "admit: addresses need not be unique where the settings say so")
stage.rule("admit", **signup(3, email=ADA, told="success"))
equal(stage.rows("SELECT outcome, customer_id FROM attempt WHERE id = 3"), [("success", 1)], "admit: a told success for a known address is that customer's")
stage.rule("admit", **signup(4, email=ADA, told="failure", reasons='"told"', reasons_before='"told",', told_reason="unheard of"))
equal(stage.rows("SELECT outcome, reasons FROM attempt WHERE id = 4"), [("failure", '["told"]')], "admit: a told failure has the told reason alone")

stage = Tested()
stage.rule("admit", **signup(1, email=ADA, confirm="everyone", email_nonce=b"1" * 16, email_code_ms=300000, sealed=b"sealed"))
equal(stage.rows("SELECT outcome, lifetime_ms FROM attempt"), [("pending", LIFETIME)], "admit: who must confirm is pending")
equal(stage.rows("SELECT attempt_id, deadline FROM waiting"), [(1, 1000 + LIFETIME)], "admit: until its time is over")
equal(stage.rows("SELECT c.channel, c.lifetime_ms, c.next_try_at, r.address FROM code c JOIN recipient r ON r.code_id = c.id"),
      [("email", 300000, 1000, ADA)], "admit: a code waits to be sent to its address")
equal((stage.one("SELECT count(*) FROM report"), stage.one("SELECT sealed FROM fingerprint")), (0, b"sealed"),
      "admit: what is pending is not reported yet, but its fingerprint is kept for then")
stage.rule("admit", **signup(2, email=ADA, confirm="everyone", email_nonce=b"2" * 16, email_code_ms=300000))
equal(stage.rows("SELECT outcome, reasons FROM attempt WHERE id = 2"), [("pending", None)], "admit: a pending attempt reserves nothing")
equal(stage.one("SELECT next_try_at FROM code WHERE attempt_id = 2"), 1000 + 60000, "admit: its code waits out the resend pause of the address")
stage.rule("admit", **signup(3, email=ADA, told="success"))
equal(stage.rows("SELECT attempt_id, reasons FROM decision ORDER BY id"), [(1, '["superseded_attempt"]'), (2, '["superseded_attempt"]')],
      "admit: a success ends the pending attempts for its address")

third_party = dict(identity_provider="google", identity_subject="sub", identity_key=77)
stage = Tested()
stage.rule("admit", **signup(1, email=ADA, **third_party))
stage.rule("admit", **signup(2, email="other@example.com", **third_party))
equal((stage.one("SELECT count(*) FROM attempt"), stage.rows("SELECT kind, attempt_id, verdict FROM continuation")), (1, [("login", 1, "known")]),
      "admit: a known third-party identity is a log-in, and no attempt")
stage.rule("admit", **signup(3, email=ADA, confirm="on_conflict", email_nonce=b"3" * 16, email_code_ms=300000, password_hash="hash"))
equal(stage.rows("SELECT outcome, link_to FROM attempt WHERE id = 3"), [("pending", 1)], "admit: a third-party customer's address is linked by PIN, not taken")
equal(stage.one("SELECT count(*) FROM code WHERE attempt_id = 3"), 1, "admit: the PIN goes to that customer's own address")
stage.rule("admit", **signup(4, email=ADA, identity_provider="apple", identity_subject="other", identity_key=78, email_verified_at=4000))
equal(stage.rows("SELECT customer_id, identity_provider FROM link"), [(1, "apple")], "admit: an address that a provider has verified links its identity")

# -- report_outcome --

stage = Tested()
for id, outcome, values in ((1, "success", {}), (2, "failure", {"reasons": '["password_too_short"]'}), (3, "failure", {"reasons": '["name_invalid","email_taken"]'}),
                            (4, "failure", {"reasons": '["prevented"]', "recommendation": "PREVENT"}), (5, "pending", {}), (6, "success", {})):
    stage.attempt(id, outcome, email=f"{id}@example.com", **values)
stage.rule("report_outcome", attempt_id=1, last_attempt_id=5, reportable=REPORTABLE)
equal(stage.rows("SELECT attempt_id, outcome, recorded_at FROM report ORDER BY id"), [(1, "success", 1000), (3, "failure", 3000), (4, "failure", 4000)],
      "report_outcome: of many, the successes, the recommended, and the failures for a reportable reason")
stage.rule("report_outcome", attempt_id=5, outcome="failure", reasons='["verification_failed"]', recorded_at=9000, reportable=REPORTABLE)
equal(stage.rows("SELECT outcome, reasons, recorded_at FROM report WHERE attempt_id = 5"), [("failure", '["verification_failed"]', 9000)],
      "report_outcome: of one, the verdict that is given")

# -- decide --

stage = Tested()
stage.attempt(1, "pending", email=ADA)
stage.code(1, 1, ADA)
stage.code(2, 1, ADA, handed_over_at=2000)
stage.insert("fingerprint", attempt_id=1, sealed=b"sealed")
stage.rule("decide", attempt_id=1, recorded_at=9000, decided_at=8000, outcome="failure", reasons='["verification_expired"]', reportable='[]')
equal(stage.rows("SELECT decided_at, outcome, reasons FROM decision"), [(8000, "failure", '["verification_expired"]')], "decide: the verdict is a fact of its own")
equal(stage.one("SELECT count(*) FROM waiting"), 0, "decide: it waits no longer")
equal(stage.rows("SELECT holder FROM subject_index"), [(-1,)], "decide: a failure holds nothing")
equal(stage.rows("SELECT code_id, state FROM code_end ORDER BY code_id"), [(1, "cancelled"), (2, "cancelled")], "decide: its codes are cancelled")
equal(stage.one("SELECT count(*) FROM code WHERE next_try_at IS NOT NULL"), 0, "decide: none is sent any more")
equal(stage.one("SELECT count(*) FROM fingerprint"), 0, "decide: a fingerprint that nobody is told of is forgotten")
stage.rule("decide", attempt_id=1, recorded_at=9500, decided_at=7000, outcome="success", customer_id=1, reportable='[]')
equal((stage.rows("SELECT holder FROM subject_index"), stage.one("SELECT outcome FROM report")), ([(1,)], "success"),
      "decide: late news corrects: it holds its address, and the success is reported")

# -- supersede --

stage = Tested()
stage.attempt(1, "pending", email=ADA)
stage.attempt(2, "pending", email=GRACE, phone="+16045550001")
stage.attempt(3, "pending", email="c@example.com", username="ada")
stage.attempt(4, "success", email=ADA, phone="+16045550001", username="ada")
stage.rule("supersede", attempt_id=4, recorded_at=9000, unique_email=1, unique_phone=0, reportable='[]')
equal(stage.rows("SELECT attempt_id, reasons FROM decision"), [(1, '["superseded_attempt"]'), (3, '["superseded_attempt"]')],
      "supersede: the pending ones for its address and its username; for its phone only where phones are unique")

# -- issue, start_code --

stage = Tested()
stage.attempt(1, "pending", email=ADA)
stage.code(1, 1, ADA)
told = dict(attempt_id=1, channel="email", kind="pin", digits=6, sandbox=0, lifetime_ms=300000, subject_key=key(ADA), address=ADA)
stage.rule("issue", nonce=b"2" * 16, recorded_at=5000, next_try_at=5000, replaces="[1]", **told)
equal(stage.rows("SELECT code_id, state FROM code_end"), [(1, "superseded")], "issue: the code before is superseded")
equal(stage.rows("SELECT id, ordinal, runs_from FROM code WHERE next_try_at IS NOT NULL"), [(2, 2, None)], "issue: the new one waits to be sent")
equal(stage.one("SELECT address FROM recipient WHERE code_id = 2"), ADA, "issue: to its address")
stage.rule("issue", nonce=b"3" * 16, recorded_at=6000, runs_from=6000, handed_over_at=6000, replaces="[2]", **told)
equal((stage.one("SELECT runs_from FROM code WHERE id = 3"), stage.one("SELECT deadline FROM waiting")), (6000, 6000 + LIFETIME),
      "issue: the time of one that is given at once begins, and with it the attempt's")
stage.code(4, 1, ADA)
stage.rule("start_code", code_id=4, recorded_at=7000)
equal((stage.one("SELECT runs_from FROM code WHERE id = 4"), stage.one("SELECT deadline FROM waiting")), (7000, 6000 + LIFETIME),
      "start_code: the attempt's time runs from its first code")
stage.rule("start_code", code_id=4, recorded_at=8000)
equal(stage.one("SELECT runs_from FROM code WHERE id = 4"), 7000, "start_code: a code's time begins once")
stage.code(5, 1, ADA)
stage.rule("start_code", code_id=5, recorded_at=6000 + LIFETIME)
equal(stage.one("SELECT runs_from FROM code WHERE id = 5"), None, "start_code: a hand-over at the deadline brings nothing back")

stage.rule("give_code", code_id=5)
equal(stage.rows("SELECT key, own, code_id FROM given_code WHERE code_id = 5"), [(key(ADA), 1, 5)], "give_code: it is found under the address that it went to")

# -- verify, confirm_code, count_wrong_try --

def pending_pair():
    stage = Tested()
    stage.attempt(1, "pending", email=ADA, password_hash="hash")
    stage.code(1, 1, ADA, handed_over_at=1000)
    stage.attempt(2, "pending", email=ADA)
    stage.code(2, 2, ADA, handed_over_at=2000)
    return stage


told = dict(recorded_at=9000, entered_at=8000, unique_email=1, unique_phone=1, reportable=REPORTABLE)
for rule, verdict in (("confirm_code", {}), ("verify", {"verdict": "verified", "max_tries": 3})):
    stage = pending_pair()
    stage.rule(rule, code_id=2, compared="[1,2]", **told, **verdict)
    equal(stage.rows("SELECT code_id, state, entered_at FROM code_end ORDER BY id")[:1], [(2, "verified", 8000)], f"{rule}: the code is used")
    equal(stage.rows("SELECT attempt_id, outcome, decided_at FROM decision ORDER BY id"), [(2, "success", 8000), (1, "failure", 9000)],
          f"{rule}: its attempt succeeds as of the entry, and its rival has lost")
    try:
        stage.rule(rule, code_id=2, compared="[2]", **told, **verdict)
        reg.ok(False, f"{rule}: a code is good once")
    except sqlite3.IntegrityError:
        reg.ok(True, f"{rule}: a code is good once")
stage = Tested()
stage.attempt(1, "success", email=ADA, identity_provider="google", identity_subject="sub", identity_key=77)
stage.attempt(2, "pending", email=ADA, password_hash="hash", link_to=1)
stage.code(1, 2, ADA, handed_over_at=2000)
stage.rule("confirm_code", code_id=1, compared="[1]", **told)
equal((stage.one("SELECT password_hash FROM person WHERE attempt_id = 1"), stage.one("SELECT customer_id FROM decision")), ("hash", 1),
      "confirm_code: a password that waited for the PIN goes to the customer it was linked to")
stage = Tested()
stage.attempt(1, "success", email=ADA, identity_provider="google", identity_subject="sub", identity_key=77)
stage.attempt(2, "pending", email=ADA, password_hash="hash", link_to=1)
stage.code(1, 2, ADA, handed_over_at=2000)
stage.rule("forget", attempts="[1]", keys="[]", recorded_at=5000, reportable=REPORTABLE)
stage.rule("confirm_code", code_id=1, compared="[1]", **told)
equal((stage.rows("SELECT attempt_id, customer_id FROM decision"), stage.rows("SELECT holder, attempt_id FROM subject_index")), ([(2, 2)], [(2, 2)]),
      "confirm_code: an attempt whose customer was erased is a customer of its own")

for rule, verdict in (("count_wrong_try", {}), ("verify", {"verdict": "invalid_code"})):
    wrong = {name: value for name, value in told.items() if not name.startswith("unique")}
    stage = pending_pair()
    stage.rule(rule, compared="[1,2]", max_tries=2, **wrong, **verdict)
    equal(stage.rows("SELECT code_id FROM wrong_try ORDER BY code_id"), [(1,), (2,)], f"{rule}: each attempt has one try less")
    equal(stage.one("SELECT count(*) FROM decision"), 0, f"{rule}: and one left")
    stage.rule(rule, compared="[2]", max_tries=2, **wrong, **verdict)
    equal(stage.rows("SELECT attempt_id, reasons FROM decision"), [(2, '["verification_failed"]')], f"{rule}: the last one fails the attempt at once")
    equal(stage.rows("SELECT code_id, state FROM code_end WHERE state = 'exhausted'"), [(2, "exhausted")], f"{rule}: and ends its code")
stage = pending_pair()
stage.rule("verify", verdict="not_found", compared="[]", continuation_id=9, attempted_at=7000, **told)
equal(stage.rows("SELECT id, kind, verdict, attempt_id FROM continuation"), [(9, "confirmation", "not_found", None)],
      "verify: a second request leaves a row, whatever the verdict")
equal(stage.one("SELECT count(*) FROM wrong_try"), 0, "verify: and no other verdict costs a try")

# -- finish_code --

def tried(result, **values):
    stage = Tested()
    stage.attempt(1, "pending", email=ADA)
    stage.code(1, 1, ADA)
    stage.insert("try", id=1, code_id=1, owner="host 1", started_at=2000, lease_until=62000)
    stage.db.execute("UPDATE code SET next_try_at = 62000")
    stage.rule("finish_code", try_id=1, recorded_at=3000, result=result, status=250, answer="said", **values)
    return (*stage.rows("SELECT runs_from, handed_over_at, next_try_at FROM code")[0], stage.one("SELECT state FROM code_end"),
            stage.one("SELECT result FROM try"))


equal(tried("accepted"), (3000, 3000, None, None, "accepted"), "finish_code: accepted: its time begins")
equal(tried("refused"), (None, None, None, "undeliverable", "refused"), "finish_code: refused: it cannot be delivered")
equal(tried("not_accepted", retry_at=5000), (None, None, 5000, None, "not_accepted"), "finish_code: not accepted: it is tried again")
equal(tried("ambiguous"), (None, None, None, "undeliverable", "ambiguous"), "finish_code: no try left: it cannot be delivered")

# -- requeue_report --

stage = Tested()
stage.attempt(1, "success", email=ADA)
stage.insert("report", id=1, attempt_id=1, outcome="success", recorded_at=1000)
stage.insert("report_event", report_id=1, recorded_at=2000, state="dead")
stage.rule("requeue_report", report_id=1, recorded_at=3000)
equal((stage.one("SELECT next_try_at FROM report"), stage.rows("SELECT state FROM report_event ORDER BY id")), (3000, [("dead",), ("queued",)]),
      "requeue_report: a dead report is due again, and its death stays a fact")

# -- forget --

stage = Tested()
stage.attempt(1, "success", email=ADA, name="Ada")
stage.attempt(2, "pending", email=ADA)
stage.code(1, 2, ADA)
stage.attempt(3, "success", email=GRACE)
stage.insert("report", id=1, attempt_id=1, outcome="success", recorded_at=1000, next_try_at=1000)
stage.insert("fingerprint", attempt_id=1, sealed=b"sealed")
stage.rule("forget", attempts="[1,2]", keys=f"[{key(ADA)}]", recorded_at=9000, reportable=REPORTABLE)
equal(stage.rows("SELECT attempt_id FROM person"), [(3,)], "forget: what is personal goes, and nobody else's")
equal(stage.rows("SELECT attempt_id FROM subject_index"), [(3,)], "forget: the address is free again")
equal(stage.rows("SELECT attempt_id, reasons FROM decision"), [(2, '["erased"]')], "forget: what was pending fails")
equal((stage.one("SELECT count(*) FROM recipient"), stage.one("SELECT count(*) FROM fingerprint"), stage.one("SELECT next_try_at FROM report")), (0, 0, None),
      "forget: no code, no fingerprint and no report of it is left to send")
equal(stage.one("SELECT count(*) FROM attempt"), 3, "forget: the counts stay")

# -- take_reports, take_codes --

def queue_of_three(kind):
    stage = Tested()
    for id, email in ((1, ADA), (2, GRACE), (3, "c@example.com")):
        stage.attempt(id, "pending" if kind == "code" else "success", email=email)
        if kind == "code":
            stage.code(id, id, email)
        else:
            stage.insert("report", id=id, attempt_id=id, outcome="success", recorded_at=1000 * id, next_try_at=1000 * id)
    stage.insert("run", id=7, command="send", started_at=1)
    return stage


told = dict(run_id=7, owner="host:1", recorded_at=9000, lease_until=10000)
for kind in ("report", "code"):
    rule = f"take_{kind}s"
    more = {"unwanted": "{}"} if kind == "code" else {}
    stage = queue_of_three(kind)
    stage.rule(rule, items='{"3":3000,"1":1000}', **told, **more)
    equal(stage.rows(f"SELECT id, {kind}_id, run_id, owner, started_at, lease_until, finished_at FROM try ORDER BY id"),
          [(1, 3, 7, "host:1", 9000, 10000, None), (2, 1, 7, "host:1", 9000, 10000, None)], f"{rule}: each has a try, in the order in which they go out")
    equal(stage.rows(f"SELECT id, next_try_at FROM {kind} ORDER BY id"), [(1, 10000), (2, 2000), (3, 10000)], f"{rule}: and is leased; the others stay due")
    stage.rule(rule, items='{"1":1000,"2":2000,"3":3000,"4":4000}', **{**told, "lease_until": 20000, "run_id": None}, **more)
    equal(stage.rows(f"SELECT id, {kind}_id, run_id FROM try ORDER BY id"), [(1, 3, 7), (2, 1, 7), (3, 2, None)],
          f"{rule}: what another run has taken, or is not there, is left alone")
    equal(stage.rows(f"SELECT id, next_try_at FROM {kind} ORDER BY id"), [(1, 10000), (2, 20000), (3, 10000)], f"{rule}: and keeps its lease")
    stage.db.execute(f"UPDATE {kind} SET next_try_at = NULL")
    stage.rule(rule, items='{"1":10000}', **told, **more)
    stage.rule(rule, items="{}", **told, **more)
    equal(stage.one("SELECT count(*) FROM try"), 3, f"{rule}: nor is what has left the queue, and nothing is as good as something")
    # 64 bits, as they are.
    stage.db.execute(f"UPDATE {kind} SET next_try_at = 9223372036854775806 WHERE id = 2")
    stage.rule(rule, items='{"2":9223372036854775807}', **told, **more)
    stage.rule(rule, items='{"2":9223372036854775806}', **told, **more)
    equal(stage.one("SELECT count(*) FROM try"), 4, f"{rule}: to the millisecond")
stage = queue_of_three("code")
stage.rule("take_codes", items='{"2":2000}', unwanted='{"1":1000,"3":3001}', **told)
equal(stage.rows("SELECT id, next_try_at FROM code ORDER BY id"), [(1, None), (2, 10000), (3, 3000)],
      "take_codes: what nobody wants any more leaves the queue, unless it has changed meanwhile")
equal(stage.rows("SELECT key, code_id FROM given_code"), [(key(GRACE), 2)], "take_codes: what is taken can be found from then on")
equal(stage.rows("SELECT code_id FROM try"), [(2,)], "take_codes: and alone has a try")

# -- once, premise, take_lease --

def obstacle(stage, rule, **values):
    """What stands in the way of it, by the constraint; nothing is written then. A rule that runs all the same is "nothing"."""
    before = list(stage.db.iterdump())
    try:
        stage.rule(rule, **values)
        return "nothing"
    except sqlite3.IntegrityError as error:
        equal(list(stage.db.iterdump()), before, f"{rule}: {error}: leaves nothing")
        return str(error).removeprefix("CHECK constraint failed: ")


stage = Tested()
write = dict(owner="host:1:a", sequence=1, version=6, found_version=6, leases="[]", lease_until=2000, recorded_at=1000, premise=1)
stage.insert("lease", what="step send", owner="host:1:a", until=100)
stage.insert("lease", what="step report", owner="host:2:b", until=100)
equal(obstacle(stage, "once", **write), "nothing", "once: the first write of a run")
equal(obstacle(stage, "once", **write), "again", "once: is not carried out twice")
equal(obstacle(stage, "once", **{**write, "sequence": 3}), "gap", "once: nor one whose forerunner was not")
equal(obstacle(stage, "once", **{**write, "owner": "host:3:c", "sequence": 2}), "gap", "once: nor the second of a run that is not known")
equal(obstacle(stage, "once", **{**write, "sequence": 2, "found_version": 7}), "version", "once: nor on a ledger of another version")
equal(obstacle(stage, "once", **{**write, "sequence": 2, "premise": 0}), "stale", "once: nor where what was read is no longer so")
equal(obstacle(stage, "once", **{**write, "sequence": 2, "leases": '["step send","step report"]'}), "lost", "once: nor where another has a lease")
equal(obstacle(stage, "once", **{**write, "sequence": 9, "leases": '["step settle"]', "found_version": 7, "premise": 0}), "lost",
      "once: nor where nobody has it; that goes before all else")
equal(obstacle(stage, "once", **{**write, "found_version": 7, "premise": 0}), "again", "once: whether it was carried out before goes before the rest")
equal(obstacle(stage, "once", **{**write, "sequence": 9, "found_version": 7, "premise": 0}), "gap", "once: and a gap before the version")
equal(obstacle(stage, "once", **{**write, "sequence": 2, "found_version": 7, "premise": 0}), "version", "once: and that before what is stale")
equal(obstacle(stage, "once", **{**write, "sequence": 2, "leases": '["step send"]'}), "nothing", "once: the second, with a lease of its own")
equal(stage.rows("SELECT what, until FROM lease ORDER BY what"), [("step report", 100), ("step send", 2000)], "once: which it prolongs, and no other's")
equal(stage.rows("SELECT owner, sequence, seen_at FROM session"), [("host:1:a", 2, 1000)], "once: and it is on record")
equal(stage.one("SELECT count(*) FROM obstacle"), 0, "once: obstacles are not")

stage = Tested()
for seen, found, expected in (("1,'a'", "1,'a'", "nothing"), ("", "", "nothing"), ("1,'a'", "2,'a'", "stale"), ("", "1", "stale"), ("1", None, "stale")):
    equal(obstacle(stage, "premise", seen=seen, found=found), expected, f"premise: {seen!r} was read, {found!r} is there")

stage = Tested()
take = dict(what="step send", owner="host:1:a", recorded_at=1000, lease_until=2000)
stage.rule("take_lease", **take)
equal(stage.rows("SELECT * FROM lease"), [("step send", "host:1:a", 2000)], "take_lease: nobody has it")
stage.rule("take_lease", **{**take, "owner": "other:1:b", "recorded_at": 1999, "lease_until": 3000})
equal(stage.rows("SELECT * FROM lease"), [("step send", "host:1:a", 2000)], "take_lease: another has it, to the last millisecond")
stage.rule("take_lease", **{**take, "owner": "other:1:b", "host": "other:", "recorded_at": 1999, "lease_until": 3000})
equal(stage.rows("SELECT * FROM lease"), [("step send", "host:1:a", 2000)], "take_lease: a run of another host's, which may be going on")
stage.rule("take_lease", **{**take, "owner": "host:2:c", "host": "host:", "lease_until": 2500})
equal(stage.rows("SELECT * FROM lease"), [("step send", "host:2:c", 2500)], "take_lease: one of this host's, which is not")
stage.rule("take_lease", **{**take, "owner": "other:1:b", "recorded_at": 2500, "lease_until": 3000})
equal(stage.rows("SELECT * FROM lease"), [("step send", "other:1:b", 3000)], "take_lease: whose time is over")
stage.rule("take_lease", **{**take, "what": "import 1"})
equal(stage.one("SELECT count(*) FROM lease"), 2, "take_lease: of something else")

# -- all of them --

rules = {os.path.basename(path)[:-4] for path in glob.glob("sql/rules/*.sql")}
equal(sorted(rules - tested), [], "every rule is tested here")
for rule in sorted(rules):
    names = [name for name, _ in steps(rule)]
    equal(len(names), len(set(names)), f"{rule}: each step has a name of its own")
reg.done()

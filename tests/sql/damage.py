# SPDX-License-Identifier: MIT
"""Ledgers whose rows somebody has edited: every column of every table, to values that no program of ours writes.

    made(path)                        a ledger with a row at least in every table, and its key
    cases(path)                       (table, column, SQL of a value) for each
    damage(whole, path, case, first)  a copy of that ledger with the value in all rows of the column, past every constraint; `first` are
                                      statements, each with its parameters, that run before
"""
import glob
import os
import shutil
import sqlite3

import reg

VALUES = {
    "INTEGER": ["-9223372036854775808", "9223372036854775807", "9999", "NULL", "printf('%.70000c', 'x')"],
    "TEXT": ["''", "printf('%.70000c', 'x')", "NULL", "'[\"x\"'", "char(27) || '[31m' || char(10)", "9999"],
    "BLOB": ["NULL", "x''", "x'00'", "zeroblob(70000)", "randomblob(70000)"],
}
VALUES["ANY"] = VALUES["REAL"] = VALUES["INTEGER"]

# What takes the job, other processes and some luck to come about.
REST = """
INSERT INTO run (command, started_at, finished_at, exit_code, counts) VALUES ('import', 1, 2, 0, '{"import":{"read":3}}'), ('send', 3, NULL, NULL, NULL);
INSERT INTO import (id, run_id, name, digest, bytes, started_at, finished_at) VALUES (1, 1, 'a.csv', zeroblob(32), 10, 1, 2), (2, 1, 'b.csv', zeroblob(32), 10, 1, NULL);
INSERT INTO import_batch VALUES (1, 2, 10, 3, 5, 1, 1, 1, 1, 1, 0, NULL), (2, 2, 5, 2, 1, 1, 0, 0, 0, 0, 0, zeroblob(32));
INSERT INTO reject VALUES (1, 3, 5, 5, 1, 'quoting', 'a stray quote', 2, NULL, NULL), (1, 4, 9, 5, 2, 'field_count', 'the header again', 2, 'header_again', NULL);
INSERT INTO continuation (id, recorded_at, attempted_at, import_id, line, kind, attempt_id, verdict) VALUES (1000, 2, 2, 1, 2, 'confirmation', 1, 'verified');
INSERT INTO link VALUES (5, (SELECT id FROM attempt WHERE outcome = 'success' LIMIT 1), 'google', 'g-1', 3);
INSERT INTO try (code_id, run_id, owner, started_at, lease_until, finished_at, result, status, answer)
SELECT id, 1, 'host:1', recorded_at, recorded_at + 1000, recorded_at + 500, 'accepted', 250, 'ok' FROM code LIMIT 2;
INSERT INTO try (report_id, run_id, owner, started_at, lease_until) SELECT id, 2, 'host:1', recorded_at, recorded_at + 1000 FROM report LIMIT 1;
INSERT INTO try (report_id, run_id, owner, started_at, lease_until, finished_at, result, status, answer, retry_at)
SELECT id, 1, 'host:1', recorded_at, recorded_at + 1000, recorded_at + 500, 'not_accepted', 500, 'no', recorded_at + 9000 FROM report LIMIT 2;
INSERT INTO report_event (report_id, recorded_at, state, vendor_timestamp) SELECT max(id), max(recorded_at), 'acknowledged', 5 FROM report;
UPDATE code SET runs_from = recorded_at, handed_over_at = recorded_at WHERE id % 2 = 0;
INSERT INTO kept_day SELECT attempted_at / 86400000, max(recorded_at), count(*), 1, 1, 1, 1, 1, 1, 0 FROM attempt GROUP BY 1;
INSERT INTO kept_outcome SELECT day, 'failure', '["email_taken"]', 1 FROM kept_day;
INSERT INTO kept_state SELECT day, 'report', 'queued', 1 FROM kept_day;
INSERT INTO kept_note SELECT day, 'name', 'left_out', 'overlong', 1 FROM kept_day;
INSERT INTO kept_cause SELECT day * 96, 'success', 'unsent', 1, 0, 1, 1, 1, 1 FROM kept_day;
INSERT INTO kept_storm SELECT day * 24 FROM kept_day;
INSERT INTO kept_call SELECT day, 'email', 2, 2, 0, 0, 0, 0, 0, 0.5, 0.5, NULL FROM kept_day;
INSERT INTO kept_origin SELECT 0, 1, device_id, attempt_id FROM person WHERE device_id IS NOT NULL;
INSERT INTO subject_segment VALUES (1, 2);
INSERT INTO subject_waiting SELECT 1, key, holder, attempt_id FROM subject_merged WHERE attempt_id = 2;
DELETE FROM subject_merged WHERE attempt_id = 2;
INSERT INTO session VALUES ('host:1:a', 3, 5);
INSERT INTO lease VALUES ('step send', 'host:1:a', 6);
INSERT INTO obstacle VALUES ('none');
UPDATE kept_through SET attempt_id = 99, decision_id = 99, code_id = 99, code_end_id = 99, report_id = 99, report_event_id = 99, try_id = 99, step_id = 99, called_id = 99, origin_id = 2, merged_id = 2;
"""


def made(path):
    db = reg.connect(path)
    db.execute("SELECT reg_init()").fetchall()
    db.execute("SELECT reg_settings_patch(?)", (reg.CHEAP,)).fetchall()
    sign_up = "INSERT INTO reg_attempts (email, phone, username, uuid, name, password, consents, device_id, country, partner_id, guest_account, latitude, longitude, ip_address) VALUES "
    person = "'{0}@example.com', '+1604555000{1}', '{0}', '00000000-0000-0000-0000-00000000000{1}', '{0}', 'A9#bL8@z', '{{\"terms\":\"accepted\"}}', 'd1', 'CA', 7, 1, 1.5, 2.5, '192.0.2.1'"
    db.execute(sign_up + "(" + person.format("ann", 1) + ")")
    db.execute(sign_up + "(" + person.format("ann", 1) + ")")  # taken
    db.execute("INSERT INTO reg_attempts (email, identity_provider, identity_subject) VALUES ('gus@example.com', 'google', 'g-1')")
    db.execute("INSERT INTO reg_attempts (email, outcome, failure_reason) VALUES ('told@example.com', 'failure', 'their own reason')")
    db.execute("SELECT reg_settings_patch('{\"registrationType\":\"REQUIRE_PIN_CONFIRMATION\",\"pinConfirmationType\":\"EVERYONE\",\"channels\":[\"email\",\"sms\"],\"pinPrefixLength\":3,\"requiredConsents\":[]}')").fetchall()
    for number, name in enumerate(("bob", "cyd", "dan", "eve"), 2):
        db.execute(sign_up + "(" + person.format(name, number) + ")")
    code = reg.one(db, "SELECT reg_issue_code('bob@example.com', 'none')")
    db.execute("SELECT reg_verify_code('bob@example.com', '000000')").fetchall()
    db.execute("SELECT reg_verify_code('bob@example.com', ?)", (code,)).fetchall()
    db.execute("SELECT reg_verify_code('cyd@example.com', '000000')").fetchall()
    db.execute("SELECT reg_issue_code('cyd@example.com', 'none')").fetchall()
    db.execute("SELECT reg_set_consent('ann@example.com', 'news', NULL, 'accepted')").fetchall()
    db.execute("SELECT reg_record_step('ann@example.com', 'KYC', 'started', 'r')").fetchall()
    db.execute("SELECT reg_forget('dan@example.com')").fetchall()
    db.execute("INSERT INTO reg_attempts (email, password) VALUES ('gus2@example.com', 'weak')")
    for statement in REST.split(";\n"):
        db.execute(statement)
    empty = [table for table in tables(db) if reg.one(db, f"SELECT count(*) FROM {table}") == 0]
    assert empty == ["subject_of_version_7", "subject_of_version_9"], empty  # which the versions after them have emptied
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    db.execute("PRAGMA journal_mode = DELETE").fetchall()
    db.close()
    made_loose(os.path.join(reg.folder, path))


def made_loose(whole):
    """A copy whose schema holds nothing back: cases begin with it."""
    shutil.copy(whole, whole + ".loose")
    db = sqlite3.connect(whole + ".loose", isolation_level=None)
    version = db.execute("PRAGMA schema_version").fetchone()[0]
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_schema SET sql = replace(replace(replace(sql, ' NOT NULL', ''), ') STRICT', ')'), 'STRICT, ', '') WHERE type = 'table'")
    db.execute(f"PRAGMA schema_version = {version + 1}")
    db.close()


def tables(db):
    return [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")]


def cases(path):
    db = sqlite3.connect(os.path.join(reg.folder, path))
    found = [(table, column, value) for table in tables(db)
             for _, column, kind, _, _, _ in db.execute(f"PRAGMA table_info({table})") for value in VALUES[kind][:2 if table.startswith("kept_") else None]]
    db.close()
    return found


def damage(whole, path, case, first=()):
    """False where the value cannot stand there: a key, or one that the column does not take."""
    table, column, value = case
    for rest in glob.glob(path + "*"):
        os.remove(rest)
    shutil.copy(whole + ".loose", path)
    db = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("ignore_check_constraints = ON", "foreign_keys = OFF", "writable_schema = ON", "synchronous = OFF"):
            db.execute("PRAGMA " + pragma)
        db.execute("BEGIN")
        for statement, parameters in first:
            db.execute(statement, parameters)
        done = db.execute(f"UPDATE OR IGNORE {table} SET {column} = {value}").rowcount > 0
        db.execute("ATTACH ? AS whole", (whole,))
        db.execute("UPDATE main.sqlite_schema AS loose SET sql = strict.sql FROM whole.sqlite_schema AS strict WHERE strict.name = loose.name AND loose.type = 'table'")
        version = db.execute("PRAGMA schema_version").fetchone()[0]
        db.execute(f"PRAGMA schema_version = {version + 1}")
        db.execute("COMMIT")
        return done
    except sqlite3.DatabaseError as error:
        if "datatype mismatch" in str(error) or "constraint" in str(error) or "cannot store" in str(error):
            return False
        raise
    finally:
        db.close()

# SPDX-License-Identifier: MIT
# The questions of README.md, asked in programs that have no extension: SQLite as it comes, pandas, DuckDB. Each answer is held against the extension's.

load ../helper

setup_file() {
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR regjob_setup # else there is none here
    perl "$ROOT/samples/recent.pl" "$ROOT/samples/signups.csv" >signups.csv
    settings '{"requiredConsents":["terms"],"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","sandbox":true}'
    job import signups.csv || [ $? = 2 ]
    standin_start
    outbound_config
    carry report
    standin_stop
    ledger_reg "SELECT reg_verify_code(subject, '12345') FROM (SELECT email AS subject FROM person p JOIN waiting w USING (attempt_id) WHERE device_id IS NULL LIMIT 5)" >/dev/null
    job share "$BATS_FILE_TMPDIR/share.db"
    job export --format ndjson attempts >"$BATS_FILE_TMPDIR/attempts.ndjson"
    job export outcomes >"$BATS_FILE_TMPDIR/outcomes.csv"
    cp -p ledger.db "$BATS_FILE_TMPDIR/"
}

setup() {
    cd "$BATS_FILE_TMPDIR"
    # A share has the same answers: the extension, on the ledger.
    days=$(ledger_reg "SELECT substr(attempted_at, 1, 10), count(*), sum(outcome = 'success'), sum(outcome = 'failure') FROM reg_attempts GROUP BY 1 ORDER BY 1")
    reasons=$(ledger_reg "SELECT r.value, count(*) FROM reg_attempts a, json_each(a.reasons) r GROUP BY 1 ORDER BY 1")
    reports=$(ledger_reg "SELECT state, count(*) FROM reg_reports GROUP BY 1 ORDER BY 1")
    codes=$(ledger_reg "SELECT channel, state, count(*) FROM reg_codes GROUP BY 1, 2 ORDER BY 1, 2")
    [ -n "$days" ] && [ -n "$reasons" ] && [ -n "$reports" ] && [ -n "$codes" ]
}

@test "plain SQLite, as Grafana and DBeaver open it: read-only, trusting no schema" {
    for file in ledger.db share.db; do
        plain() { sqlite3 -batch -bail -readonly "$file" "PRAGMA trusted_schema = OFF; $1"; }
        [ "$(plain "SELECT day, attempts, success, failure FROM outcomes_by_day ORDER BY day")" = "$days" ]
        [ "$(plain "SELECT substr(attempted_at, 1, 10), count(*), sum(outcome = 'success'), sum(outcome = 'failure') FROM attempts GROUP BY 1 ORDER BY 1")" = "$days" ]
        [ "$(plain "SELECT r.value, count(*) FROM attempts a, json_each(a.reasons) r GROUP BY 1 ORDER BY 1")" = "$reasons" ]
        [ "$(plain "SELECT state, count(*) FROM reports GROUP BY 1 ORDER BY 1")" = "$reports" ]
        [ "$(plain "SELECT channel, state, count(*) FROM codes GROUP BY 1, 2 ORDER BY 1, 2")" = "$codes" ]
        for view in funnel funnel_by_day failure_reasons code_times channel_health report_backlog pending_ages duplicate_storms; do
            plain "SELECT count(*) FROM $view" >/dev/null
        done
    done
}

@test "pandas" {
    for file in ledger.db share.db; do
        DAYS=$days REASONS=$reasons REPORTS=$reports CODES=$codes run /usr/bin/python3 - "$file" <<'END'
import json, os, sqlite3, sys
import pandas
database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
attempts = pandas.read_sql("SELECT * FROM attempts", database, parse_dates=["attempted_at"])
codes, reports = (pandas.read_sql(f"SELECT * FROM {name}", database) for name in ("codes", "reports"))
def said(rows):
    return "\n".join("|".join(map(str, row)) for row in rows)
by_day = attempts.groupby(attempts.attempted_at.dt.strftime("%Y-%m-%d")).outcome
assert said((day, len(o), (o == "success").sum(), (o == "failure").sum()) for day, o in by_day) == os.environ["DAYS"]
reasons = attempts.reasons.map(json.loads).explode().dropna().value_counts().sort_index()
assert said(reasons.items()) == os.environ["REASONS"]
assert said(reports.groupby("state").size().items()) == os.environ["REPORTS"]
assert said((*key, n) for key, n in codes.groupby(["channel", "state"]).size().items()) == os.environ["CODES"]
assert attempts.attempted_at.dtype.kind == "M" and attempts.past_deadline.dtype.kind == "i"
END
        echo "$output"
        [ "$status" -eq 0 ]
    done
}

@test "DuckDB reads the exports, and makes Parquet of them" {
    DAYS=$days REASONS=$reasons run node --input-type=commonjs - <<'END'
const { DuckDBInstance } = require('@duckdb/node-api');
(async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const said = async sql => (await connection.runAndReadAll(sql)).getRows().map(row => row.join('|')).join('\n');
    const equal = (what, got, wanted) => { if (got !== wanted) throw new Error(what + ':\n' + got + '\nand not\n' + wanted); };
    await connection.run("COPY (SELECT * FROM read_ndjson('attempts.ndjson')) TO 'attempts.parquet' (FORMAT parquet)");
    for (const from of ["read_ndjson('attempts.ndjson')", "'attempts.parquet'"]) {
        equal('days', await said(`SELECT strftime(attempted_at::TIMESTAMP, '%Y-%m-%d'), count(*), count(*) FILTER (outcome = 'success'), count(*) FILTER (outcome = 'failure')
            FROM ${from} GROUP BY 1 ORDER BY 1`), process.env.DAYS);
        equal('reasons', await said(`SELECT reason, count(*) FROM (SELECT unnest(from_json(reasons, '["VARCHAR"]')) AS reason FROM ${from}) GROUP BY 1 ORDER BY 1`), process.env.REASONS);
    }
    equal('outcomes', await said("SELECT strftime(day, '%Y-%m-%d'), attempts, success, failure FROM read_csv('outcomes.csv') ORDER BY day"), process.env.DAYS);
    // Its scanner of SQLite files is not in the package, and is looked for elsewhere: where it is at hand, the same questions are asked of the share itself.
    try {
        await connection.run('LOAD sqlite');
    } catch (error) {
        console.log('the scanner is not at hand: ' + error.message.split('\n')[0].slice(0, 60));
        return;
    }
    await connection.run("ATTACH 'share.db' AS ledger (TYPE sqlite)");
    equal('scanned', await said("SELECT day, attempts, success, failure FROM ledger.outcomes_by_day ORDER BY day"), process.env.DAYS);
})().catch(error => { console.log(error.message); process.exit(1); });
END
    echo "$output"
    [ "$status" -eq 0 ]
}

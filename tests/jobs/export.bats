# SPDX-License-Identifier: MIT
# regjob export: what Python's csv and json read from it is what the tables say; nothing personal unless asked for; no cell is a formula.

load ../helper

setup() {
    regjob_setup
    pins
    ledger_reg "INSERT INTO reg_attempts (email, name, phone, country, password, latitude, longitude, app_name) VALUES
        ('ann@example.com', '=HYPERLINK(\"http://evil.example\")', '+16045551234', 'CA', 'Abcdef1!', -33.5, 151.25, 'tab' || char(233)), ('bob@example.com', '@SUM(1)', NULL, NULL, 'short', NULL, NULL, '-2+3'),
        ('cyd@example.com', 'Cyd \"the\", comma', NULL, 'DE', 'Abcdef1!', NULL, NULL, '＝1')"
    ledger_reg "SELECT reg_record_step('nobody', 'KYC', 'x')" >/dev/null 2>&1 || true
    ledger_reg "INSERT INTO reg_attempts (email, outcome, name, attempted_at) VALUES ('told@example.com', 'success', '+49 name', '2026-01-02T03:04:05Z'), ('told2@example.com', 'failure', '-1', '2026-01-02T23:04:05Z')"
}

of_reg() {
    sqlite3 -batch -bail -json ledger.db ".load ${REG%.so}" "$1"
}

python() {
    /usr/bin/python3 -c "import csv, io, json, sys
$1" "${@:2}"
}

@test "CSV, JSON and lines of JSON say what the tables say" {
    for what in attempts codes reports; do
        of_reg "SELECT * FROM reg_$what ORDER BY id" >model.json
        job export --personal "$what" >out.csv
        job export --personal --format json "$what" >out.json
        job export --personal --format ndjson "$what" >out.ndjson
        python '
model = json.load(open("model.json"))
rows = list(csv.DictReader(open("out.csv", newline="", encoding="utf-8")))
document = json.load(open("out.json"))
lines = [json.loads(line) for line in open("out.ndjson", encoding="utf-8")]
assert len(model) == len(rows) == len(document) == len(lines) > 0, len(model)
assert lines == model, (lines[0], model[0])
assert all(list(line) == list(lines[0]) for line in lines), "each line has each column"
for wanted, row, one in zip(model, rows, document):
    assert list(wanted) == list(row) == list(one)
    for column, value in wanted.items():
        shown = "" if value is None else str(value)
        assert row[column] in (shown, "\x27" + shown), (column, value, row[column])
        assert one[column] == value or one[column] == json.loads(value), (column, value, one[column])'
    done
    [ "$(head -c 3 out.csv)" = "id," ]
    [ "$(job export outcomes)" = "$(printf 'day,attempts,success,pending,failure\r\n2026-01-02,2,1,0,1\r\n%s,3,0,2,1\r' "$(date -u +%F)")" ]
    [ "$(job export --format json outcomes | python 'print(json.load(sys.stdin)[0]["success"])')" = 1 ]
}

@test "no cell is a formula, and numbers stay numbers" {
    job export --personal --columns id,name,app_name,latitude,longitude attempts | tee out.csv
    python '
for row in list(csv.reader(open("out.csv", newline="", encoding="utf-8")))[1:]:
    for cell in row:
        assert cell[:1] not in list("=+@\t\r\n") + ["\uff1d"], row
        assert cell[:1] != "-" or float(cell) < 0, row
rows = {row["id"]: row for row in csv.DictReader(open("out.csv", newline="", encoding="utf-8"))}
assert rows["1"]["name"] == "\x27=HYPERLINK(\"http://evil.example\")" and rows["1"]["latitude"] == "-33.5", rows["1"]
assert rows["2"]["app_name"] == "\x27-2+3" and rows["3"]["app_name"] == "\x27＝1" and rows["3"]["name"] == "Cyd \"the\", comma"'
    # What no spreadsheet opens has the values themselves.
    job export --personal --columns name --format ndjson attempts | head -n 1 | grep -qF '{"name":"=HYPERLINK('
}

@test "nothing personal unless asked for" {
    for what in attempts codes reports outcomes; do
        for format in csv json ndjson; do
            job export --format "$format" "$what" >out
            ! grep -qiE 'ann@|example\.com|6045551234|HYPERLINK|Cyd|evil|-33' out
        done
    done
    job export --format ndjson attempts | python '
columns = set(json.loads(sys.stdin.readline()))
assert {"id", "outcome", "reasons", "country", "attempted_at"} <= columns, columns
assert not columns & {"email", "phone", "name", "device_id", "ip_address", "password", "steps", "model", "told_reason"}, columns'
    run job export --columns id,email attempts
    echo "$output"
    [ "$status" -eq 64 ]
    [ "$output" = "regjob: --columns email: it is personal: say --personal, too" ]
    run job export --columns id,colour attempts
    [ "$status" -eq 64 ]
    [ "$output" = "regjob: --columns colour: attempts have no such column (see man reg)" ]
    for columns in "" , "id,," "password" "as_of"; do
        run job export --columns "$columns" attempts
        echo "$columns: $output"
        [ "$status" -eq 64 ]
    done
    run job export everything
    [ "$status" -eq 64 ]
    [ "$(job export --columns outcome,id attempts | head -n 1)" = $'outcome,id\r' ]
}

@test "as of a moment, and since one" {
    before=$(ledger "SELECT max(recorded_at) FROM attempt")
    pending=$(ledger "SELECT count(*) FROM attempt WHERE outcome = 'pending'")
    ledger_reg "SELECT reg_issue_code('someone@example.org', 'none')" >/dev/null
    clock '+2d' "$REGJOB" -l ledger.db settle
    [ "$(clock '+3d' "$REGJOB" -l ledger.db export --columns outcome --as-of "$before" attempts | grep -c pending)" = "$pending" ]
    ! clock '+3d' "$REGJOB" -l ledger.db export --columns outcome attempts | grep -q pending
    # What has been settled since has changed since.
    [ "$(clock '+3d' "$REGJOB" -l ledger.db export --columns id --since "$((before + 1))" attempts | tail -n +2 | wc -l)" = "$pending" ]
    [ "$(clock '+3d' "$REGJOB" -l ledger.db export --columns id --since "$((before + 1))" codes | tail -n +2 | wc -l)" = 1 ]
    [ "$(clock '+3d' "$REGJOB" -l ledger.db export --as-of "$before" outcomes | tail -n 1 | cut -d, -f3,4,5)" = $'0,2,1\r' ]
    [ "$(job export --since 2026-01-03 outcomes | wc -l)" = 2 ]
    for option in --as-of --since; do
        run job export "$option" 2999-01-01 attempts
        [ "$status" -eq 64 ]
        [ "${lines[-1]}" = "regjob: $option 2999-01-01: it is in the future" ]
        run job export "$option" yesterday attempts
        [ "$status" -eq 64 ]
    done
}

@test "a file is there whole, or not at all" {
    mkdir out
    job export attempts -o out/a.csv
    [ "$(stat -c %a out/a.csv)" = 600 ]
    diff <(job export attempts) out/a.csv
    run job export attempts -o out/a.csv
    echo "$output"
    [ "$status" -eq 64 ]
    [ "$output" = "regjob: out/a.csv is there already" ]
    job export codes --replace -o out/a.csv
    diff <(job export codes) out/a.csv
    before=$(sha256sum <out/a.csv)
    ledger "INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, reasons, has_password)
            SELECT 1000 + value, 1, 1, 1, 'failure', '[\"told\"]', 0 FROM generate_series(1, 20000)"
    run faulty FULL_IN=.part "$REGJOB" -l ledger.db export attempts --replace -o out/a.csv
    echo "$output"
    [ "$status" -eq 1 ]
    [ "$(sha256sum <out/a.csv)" = "$before" ]
    [ "$(ls -A out)" = a.csv ]
    # A pipe that nobody reads any more, and a full disk behind standard output.
    run bash -c "set -o pipefail; '$REGJOB' -l ledger.db export attempts | head -n 1; exit \${PIPESTATUS[0]}"
    echo "$output"
    [ "$status" -eq 1 ]
    run bash -c "'$REGJOB' -l ledger.db export attempts >/dev/full"
    [ "$status" -eq 1 ]
    [ -n "$output" ]
    # It leaves no row, and works on a snapshot.
    [ "$(ledger "SELECT count(*) FROM run WHERE command = 'export'")" = 0 ]
    job snapshot s.db
    diff <(job export attempts) <("$REGJOB" -l s.db export attempts)
}

@test "memory does not grow with the ledger" {
    ledger "INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, reasons, has_password)
            SELECT 1000 + value, 1, value * 1000, 1, 'failure', '[\"told\"]', 0 FROM generate_series(1, ${ROWS:-100000})"
    # 300 MB of address space, most of which are libraries; a row here and there is half a kilobyte.
    for what in attempts outcomes; do
        bounded 400000 "$REGJOB" -l ledger.db export "$what" >out
        [ "$(wc -l <out)" -gt 2 ]
    done
    [ "$(job export attempts --columns id | wc -l)" = $((${ROWS:-100000} + 6)) ]
}

# One door: a row of a file and an INSERT get the same verdict and leave the same rows.

load regjob

setup() {
    regjob_setup
}

# Imports FILE into one ledger, inserts its rows into a copy, and compares what is in both. RUNS for each row in turn.
same_both_ways() {
    regjob_keep
    job import "$1" || [ $? -eq 2 ]
    contents >by_import
    ledger "SELECT max(recorded_at) FROM attempt" >now
    regjob_fresh
    /usr/bin/python3 "$ROOT/tests/jobs/insert_rows.py" "${REG%.so}" ledger.db "$1"
    contents >by_insert
    # An INSERT has no import and no line; the rows are numbered by their order in both.
    /usr/bin/python3 - by_import by_insert <<'PY'
import sys
def read(path):
    kept = [line.split("|") for line in open(path, encoding="utf-8", errors="surrogateescape", newline="\n").read().split("\n") if line]
    return ["|".join(row) for row in kept if row[0] not in ("import", "sums", "reject")]
left, right = map(read, sys.argv[1:])
assert left, "nothing was imported"
if left != right:
    for a, b in zip(left, right):
        if a != b:
            print("import:", a[:400]); print("insert:", b[:400]); break
    sys.exit("%d rows by import, %d by INSERT" % (len(left), len(right)))
print(len(left), "rows")
PY
}

@test "generated hostile sign-ups, under each way to confirm" {
    local way
    for way in '"registrationType":"AUTOMATIC"' \
        '"registrationType":"REQUIRE_EMAIL_CONFIRMATION","channels":["email","sms"]' \
        '"registrationType":"REQUIRE_EMAIL_ACTIVATION","sandbox":true' \
        '"registrationType":"REQUIRE_PIN_CONFIRMATION","pinConfirmationType":"EVERYONE","channels":["email","sms"],"pinPrefixLength":3,"sandbox":true' \
        '"registrationType":"REQUIRE_PIN_CONFIRMATION","channels":["email","sms"],"sandbox":true' \
        '"uniqueEmail":false,"uniquePhone":false,"requiredFields":[],"passwordAt":"confirm"'; do
        rm -rf "${BATS_TEST_TMPDIR:?}/kept"
        REGJOB_FRESH=$BATS_FILE_TMPDIR/pristine
        regjob_fresh
        ledger_reg "SELECT reg_settings_patch('{$way}')" >/dev/null
        /usr/bin/python3 "$ROOT/tests/jobs/hostile_rows.py" "${ROWS:-400}" "${SEED:-7}" >a.csv
        echo "# $way"
        same_both_ways a.csv
    done
}

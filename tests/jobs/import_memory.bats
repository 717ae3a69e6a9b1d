# SPDX-License-Identifier: MIT
# regjob import while memory runs out: it says so and exits with 1, or gets by; and what it has left is gone on with.

load ../helper

setup() {
    regjob_setup
    settings '{"requiredFields":[]}'
    regjob_keep
    printf '[ledger]\npath = ledger.db\n[import]\nbatch = 8\nworkers = 2\nmax_field_bytes = 1K\n' >job.conf
    {
        echo 'email,password,outcome,identity_provider,identity_subject,attempted_at,consents'
        for i in $(seq 12); do
            echo "p$i@example.com,Abcdef1!x,,,,1700000000,\"{\"\"news\"\":\"\"accepted\"\"}\""
            echo "p$((i / 2))@example.com,short,,,,1700000000,"
            echo ",,,google,g-$((i / 3)),1700000000,"
            echo "q$i@example.com,,success,,,1700000000,"
            echo "broken $i"
        done
        printf 'x@example.com,%02000d,,,,1700000000,\n' 7
    } >a.csv
    FAILING=$(realpath "$ROOT/${BUILD:-build}/tools/failing_regjob")
}

import() {
    "$REGJOB" -c job.conf import "$@"
}

same_as_undisturbed() {
    contents >found
    diff undisturbed found >difference || { head -20 difference; return 1; }
    [ "$(ledger "PRAGMA integrity_check; PRAGMA foreign_key_check")" = ok ]
}

# Fails TIMES allocations of an import of FILE, one after the other and spread over all.
exhausted() {
    local file=$1 times=$2 total at way
    regjob_fresh
    import "$file" || [ $? -eq 2 ]
    contents >undisturbed
    regjob_fresh
    rm -f "$file".*rejects*
    COUNT_FILE=count "$FAILING" -c job.conf import "$file" || [ $? -eq 2 ]
    total=$(cat count)
    [ "$total" -gt 1000 ]
    for way in once good; do
        for ((at = 1; at < total; at += total / times)); do
            regjob_fresh
            rm -f "$file".*rejects*
            if [ "$way" = once ]; then
                FAIL_ALLOCATION=$at run timeout 60 "$FAILING" -c job.conf import "$file"
            else
                FAIL_FOR_GOOD=1 FAIL_ALLOCATION=$at run timeout 60 "$FAILING" -c job.conf import "$file"
            fi
            echo "allocation $at of $total, $way: $status: $output" >last
            [ "$status" -eq 2 ] || { [ "$status" -eq 1 ] && [[ "$output" == *"regjob: "* ]]; } || { cat last; return 1; }
            run import "$file"
            echo "then: $status: $output" >>last
            [ "$status" -eq 2 ] || [ "$status" -eq 0 ] || { cat last; return 1; }
            same_as_undisturbed || { cat last; return 1; }
        done
    done
}

@test "a file" {
    exhausted a.csv "$([ -n "${SOAK-}" ] && echo 1000 || echo 18)"
}

@test "a compressed file" {
    gzip a.csv
    exhausted a.csv.gz "$([ -n "${SOAK-}" ] && echo 300 || echo 10)"
}

@test "JSON, by its own names and by a profile" {
    seq 12 | awk '{ printf "{\"email\":\"p%d@example.com\",\"password\":\"Abcdef1!\\u0078\",\"attempted_at\":1700000000,\"extra%d\":[1]}\n[1]\n", $1, $1 }' >b.ndjson
    exhausted b.ndjson "$([ -n "${SOAK-}" ] && echo 500 || echo 8)"
    cp "$ROOT/samples/exports/auth0-import.json" c.json
    regjob_fresh
    import c.json
    contents >undisturbed
    COUNT_FILE=count "$FAILING" -c job.conf import c.json >/dev/null 2>&1 || true
    for at in $(seq 5 "$([ -n "${SOAK-}" ] && echo 1 || echo 97)" 1500); do
        regjob_fresh
        FAIL_ALLOCATION=$at run timeout 60 "$FAILING" -c job.conf import c.json
        [ "$status" -eq 0 ] || { [ "$status" -eq 1 ] && [[ "$output" == *"regjob: "* ]]; } || { echo "allocation $at: $status: $output"; return 1; }
        run import c.json
        [ "$status" -eq 0 ]
        contents | grep -v attempted_at >found
        [ "$(ledger "SELECT count(*) FROM person WHERE password_hash IS NOT NULL")" = 3 ]
    done
}

@test "a ledger that cannot be opened for want of memory: exit 1, as it may be opened later" {
    regjob_fresh
    COUNT_FILE=count "$FAILING" -c job.conf status
    total=$(cat count)
    for ((at = total - 900; at < total; at += 15)); do
        FAIL_ALLOCATION=$at run "$FAILING" -c job.conf status
        [ "$status" -eq 0 ] || [ "$status" -eq 1 ] || { echo "$at of $total: $status: $output"; return 1; }
        [[ "$output" != *": opening: out of memory"* ]] || echo "$at" >>opening
    done
    [ -s opening ]
}

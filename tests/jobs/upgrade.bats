# SPDX-License-Identifier: MIT
# A program that is running when another one upgrades the ledger.

load ../helper

setup() {
    regjob_setup
    mkfifo rows
}

attempts() {
    ledger "SELECT count(*) FROM attempt"
}

# An import of a stream, which has committed its first chunk and waits for more.
import_begins() {
    "$REGJOB" -l ledger.db import --name rows - <rows >said.txt 2>&1 &
    import=$!
    exec 7>rows
    { echo email,outcome && seq -f 'm%g@example.com,success' 260; } >&7
    for ((i = 0; i < 600; i++)); do
        [ "$(attempts)" = 250 ] && return 0
        /usr/bin/sleep 0.05
    done
    return 1
}

@test "it writes nothing more, and says so, once the ledger has a version that it does not know" {
    import_begins
    ledger "CREATE TABLE of_the_next_version (x); PRAGMA user_version = 99"
    printf 'two@example.com,success\n' >&7
    exec 7>&-
    status=0
    wait $import || status=$?
    cat said.txt
    [ "$status" -eq 1 ]
    grep -q "the ledger has version 99, this program knows up to" said.txt
    [ "$(attempts)" = 250 ]
}

@test "another change of the schema is nothing to it" {
    import_begins
    ledger "CREATE INDEX of_a_country ON attempt (country)"
    printf 'two@example.com,success\n' >&7
    exec 7>&-
    wait $import
    [ "$(attempts)" = 261 ]
}

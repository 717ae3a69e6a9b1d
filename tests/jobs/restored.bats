# SPDX-License-Identifier: MIT
# regjob init --restored, after a backup was put back; and what must be on the disk before it can be backed up.

load ../helper

setup() {
    regjob_setup
}

teardown() {
    [ -z "$running" ] || kill -9 "$running" 2>/dev/null || true
    nobody_gone
    standin_stop
}

@test "codes are superseded, tries without a result are ambiguous, and their reports are due at once" {
    standin_start --fault never:path=/v2
    outbound_config fraud $'concurrency = 2\ntransfer_seconds = 600\nidle_seconds = 300'
    outcomes 5
    first=$(ledger_reg "SELECT reg_issue_code('someone@example.org', 'none')")
    ledger_reg "SELECT reg_issue_code('other@example.org', 'email')" >/dev/null
    # The backup is made while reports are under way: they are leased for minutes.
    EXEC=exec carry report >log 2>&1 3>&- &
    running=$!
    both_asked() { [ "$(vendor requests)" -ge 2 ]; }
    until_true both_asked
    ledger "VACUUM INTO 'backup.db'"
    kill -9 "$running"
    wait "$running" || true
    running=
    rm ledger.db ledger.db-wal ledger.db-shm
    mv backup.db ledger.db
    leased=$(ledger "SELECT count(*) FROM try WHERE finished_at IS NULL")
    [ "$leased" -ge 2 ]

    run carry -v init --restored
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *"2 codes superseded, $leased tries are ambiguous"* ]]
    [ "$(ledger_reg "SELECT state || ' ' || count(*) FROM reg_codes GROUP BY state")" = "superseded 2" ]
    [ "$(ledger_reg "SELECT reg_verify_code('someone@example.org', '$first')")" = superseded ]
    [ "$(tries)" = "ambiguous $leased" ]
    [ "$(ledger_reg "SELECT count(*) FROM reg_reports WHERE ambiguous_tries = 1 AND next_try_at_ms <= unixepoch() * 1000 + 1000")" = "$leased" ]
    [ "$(ledger_reg "SELECT count(*) FROM reg_reports q JOIN report r USING (id) WHERE q.next_try_at_ms IS NOT r.next_try_at")" = 0 ]

    standin_faults '[]'
    run carry report
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(events)" = "acknowledged 5" ]
    run carry send
    [ "$status" -eq 0 ]
    [ ! -d mail/new ] || [ -z "$(ls mail/new)" ]
    # What the vendor may hold twice is what is known to be ambiguous.
    [ "$(($(vendor accepted) - 5))" -le "$leased" ]
}

@test "a dead report that is queued again is due from then on" {
    standin_start --fault status-400
    outbound_config
    outcomes 1
    carry report || true
    [ "$(events)" = "dead 1" ]
    # Two days later, with nobody there, so that it stays queued.
    nobody
    outbound_config
    later "+2d"
    carry report --retry-dead || true
    # As it was when it was queued, before that try.
    [ "$(ahead sqlite3 ledger.db ".load ${REG%.so}" "SELECT q.next_try_at_ms = e.recorded_at AND e.recorded_at > q.due_at_ms + 47 * 3600000
            FROM report_event e JOIN reg_reports q ON q.id = e.report_id WHERE e.state = 'queued' AND q.as_of = e.recorded_at")" = 1 ]
}

@test "the name of a new file is on the disk before it is relied upon" {
    mkdir keys inbox
    here=$(pwd -P)
    printf '[ledger]\npath = fresh.db\nkey_file = keys/fresh.key\n' >fresh.conf
    faulty SYNCED="$here/synced" "$REGJOB" -c fresh.conf init
    grep -qFx "$here/keys" synced
    printf 'email,name\na@example.com,A\nb@example.com,B,C\n' >inbox/a.csv
    : >synced
    run faulty SYNCED="$here/synced" "$REGJOB" -c fresh.conf import inbox/a.csv
    [ -s inbox/a.csv.1.rejects ]
    grep -qFx "$here/inbox" synced
}

# SPDX-License-Identifier: MIT
# A nightly run that finds nothing to do, over an empty ledger and over the large one of import.sh.

nightly() {
    heading "a nightly run with nothing to do"
    mkdir -p inbox confirmations exports
    for ledger in empty.db big.db; do
        [ "$ledger" != empty.db ] || ledger_new empty.db
        [ -f "$ledger" ] || continue
        printf '[ledger]\npath = %s\n[import]\ninbox = inbox\nconfirm_inbox = confirmations\n[reconcile]\ninbox = exports\n' \
            "$ledger" >nightly.conf
        # Told long ago: a queue that waits for a URL would be something to count.
        sqlite3 "$ledger" 'UPDATE report SET next_try_at = NULL WHERE next_try_at IS NOT NULL'
        "$REGJOB" -c nightly.conf nightly
        for round in $(seq $((ROUNDS * 5))); do
            timed "nightly-$ledger" "$REGJOB" -c nightly.conf nightly
        done
        milliseconds=$(calculate "$(median "nightly-$ledger") * 1000" 1)
        line "over $(sqlite3 "$ledger" 'SELECT count(*) FROM attempt') attempts" "$milliseconds ms" "" "" "under 50 ms" \
            "$(at_most "$milliseconds" 50)"
    done
}

# SPDX-License-Identifier: MIT
# reg_attempts beside the same queries on the base tables. Needs the ledger of import.sh.

history() {
    heading "reg_attempts over $ROWS attempts"
    tool queries rows.db "$BUILD/reg.so" $((ROUNDS * 11)) >queries.out
    while IFS='|' read -r name ours peer goal; do
        ratio=$(calculate "$ours / $peer" 2)
        line "$name" "$(calculate "$ours * 1000" 2) ms" "$(calculate "$peer * 1000" 2) ms" "$ratio" "at most $goal" \
            "$(at_most "$ratio" "$goal")"
    done <queries.out
}

# SPDX-License-Identifier: MIT
# Import with hashing, beside threads that only hash.

# hash_only NAME THREADS COUNT: at the ledger's default cost.
hash_only() {
    timed "$1" "$BUILD/bench/hashes" "$2" "$3" 19456 2
}

hashing() {
    tool rows "$HASHES" "$SEED" clear >clear.csv
    for round in $(seq "$ROUNDS"); do
        ledger_new hashing.db
        timed hashing "$REGJOB" -l hashing.db import clear.csv
        hash_only hashing-peer "$CORES" "$HASHES"
    done
    ledger_holds hashing.db "$HASHES"
    heading "hashing: $HASHES passwords, $CORES threads"
    compare_rates "import with hashing : crypto_pwhash_str" "$(per_second "$HASHES" "$(median hashing)")" \
        "$(per_second "$HASHES" "$(median hashing-peer)")" 1.3
    memory "its memory, with $CORES arenas of 20 MiB" "$(largest hashing 2)" $((128 + 20 * CORES))
    line "page faults in all" "$(median hashing 3)" "$(median hashing-peer 3)" \
        "$(calculate "$(median hashing 3) / $(median hashing-peer 3)" 3)" "" ""
}

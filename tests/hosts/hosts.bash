# SPDX-License-Identifier: MIT
# A host is a program that embeds SQLite. Each row of the matrix is a host, each cell a test: it registers, verifies, queries, is
# interrupted, and reloads the extension a thousand times. `make test-hosts` runs it.
#
#   host NAME SAMPLE... -- TEST...   the five cells; library and ledger are put after each of the two commands.
#                                    SAMPLE is from samples/hosts, for a new user to copy; TEST, from this folder, does the rest
#   hosts_done                       the plan

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
LIBRARY=$PWD/build/reg.so
SAMPLES=samples/hosts
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
number=0 failed=0

# One row is enough for the statement to have no end; begun() tells the host when it has begun.
ENDLESS='WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(begun()) FROM n CROSS JOIN reg_attempts'

ok() { # STATUS NAME
    number=$((number + 1))
    if [ "$1" = 0 ]; then
        echo "ok $number - $2"
    else
        failed=1
        echo "not ok $number - $2"
        sed 's/^/# /' "$WORK/said"
    fi
}

ask() { sqlite3 -batch -bail -noheader "$WORK/ledger.db" "$@"; }

fresh() {
    rm -f "$WORK"/ledger.db*
    ask ".load $LIBRARY" "SELECT reg_init() > 0" "SELECT reg_settings_patch('{\"registrationType\": \"REQUIRE_PIN_CONFIRMATION\",
        \"pinConfirmationType\": \"EVERYONE\", \"requiredConsents\": [], \"passwordHash\": {\"memoryKiB\": 8, \"passes\": 1}}') IS NOT NULL" >/dev/null
}

host() {
    local name=$1 said
    shift
    local -a sample=()
    while [ "$1" != -- ]; do
        sample+=("$1")
        shift
    done
    shift
    fresh
    "${sample[@]}" "${HOST_LIBRARY:-$LIBRARY}" "$WORK/ledger.db" >"$WORK/said" 2>&1
    said=$(tail -n 1 "$WORK/said")
    # What is in the ledger is asked of the stock shell, without the extension.
    ask "SELECT count(*) FROM attempt a JOIN person p ON p.attempt_id = a.id WHERE p.email LIKE '%@example.com'" >"$WORK/rows" 2>>"$WORK/said"
    [ "$(cat "$WORK/rows")" = 1 ]
    ok $? "$name registers"
    [ "${said% *}" = verified ] && [ "$(ask "SELECT count(*) FROM code_end WHERE state = 'verified'" 2>>"$WORK/said")" = 1 ]
    ok $? "$name verifies"
    [ "${said#* }" = success ]
    ok $? "$name queries"
    timeout 250 "$@" "${HOST_LIBRARY:-$LIBRARY}" "$WORK/ledger.db" ${HOST_OPTIONS+"$HOST_OPTIONS"} <<<"$ENDLESS" >"$WORK/said" 2>&1
    [ "$(sed -n 1,2p "$WORK/said")" = $'interrupted\n1' ]
    ok $? "$name is interrupted, and goes on"
    [ "$(sed -n '3,$p' "$WORK/said")" = reloaded ]
    ok $? "$name loads the extension a thousand times"
}

hosts_done() {
    echo "1..$number"
    exit $failed
}

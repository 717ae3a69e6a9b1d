# Functions for tests that run the job: `load regjob`.
#
#   regjob_setup         a folder of the test's own with a fresh ledger.db and its key, the current folder from
#                        then on; hashes cost next to nothing and no consent is required there. Fresh ledgers of one
#                        test file are copies of each other (same uuid, salt and key), so that what is in them can
#                        be compared.
#   job ARGUMENT...      build/regjob on that ledger. REGJOB names another program, REGJOB_RUNNER one to run it under
#   bounded KIB COMMAND  runs it in so much address space
#   clock TIME COMMAND   runs it at that time, as libfaketime has it ("+2h"), in one process, so that a signal finds it; the times of
#                        files are what they are
#   ledger SQL           what the stock sqlite3 shell says, without the extension
#   ledger_reg SQL       with it
#   contents             what is in the ledger, ids and times aside
#   sums                 read, success, pending, failed, continued and rejected of the newest import

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
REGJOB=$(realpath "${REGJOB:-$ROOT/${BUILD:-build}/regjob}")
# For the stock shell, which has no sanitizer's library to begin with: always the plain build's.
REG=$(realpath "${REG:-$ROOT/build/reg.so}")
FAKETIME_LIBRARY=/usr/lib/$(gcc -print-multiarch)/faketime/libfaketime.so.1:$ROOT/build/clock.so

regjob_setup() {
    local pristine=$BATS_FILE_TMPDIR/pristine
    if [ ! -e "$pristine/ledger.db" ]; then
        mkdir -p "$pristine"
        "$REGJOB" -l "$pristine/ledger.db" init
        cd "$pristine" || return 1
        ledger_reg "SELECT reg_settings_patch('{\"passwordHash\":{\"memoryKiB\":8,\"passes\":1},\"requiredConsents\":[]}')" >/dev/null
    fi
    mkdir -p "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return 1
    REGJOB_FRESH=$pristine
    regjob_fresh
}

# The ledger as it was when the test began, or at the last regjob_keep.
regjob_fresh() {
    rm -f ledger.db ledger.db-wal ledger.db-shm ledger.db.key
    cp -p "$REGJOB_FRESH/ledger.db" "$REGJOB_FRESH/ledger.db.key" .
}

regjob_keep() {
    REGJOB_FRESH=$BATS_TEST_TMPDIR/kept
    mkdir -p "$REGJOB_FRESH"
    cp -p ledger.db ledger.db.key "$REGJOB_FRESH/"
}

job() {
    # shellcheck disable=SC2086
    ${REGJOB_RUNNER:-} "$REGJOB" -l ledger.db "$@"
}

# Runs a command in so many KiB of address space; sanitizers want terabytes, and get them.
bounded() {
    case ${BUILD:-build} in
    */asan) "${@:2}" ;;
    *) (ulimit -v "$1" && "${@:2}") ;;
    esac
}

# Not by the command `faketime`: what that leaves in /dev/shm when it is killed is in the way of a later process of the same number.
clock() {
    ${EXEC:-} env LD_PRELOAD="$FAKETIME_LIBRARY" FAKETIME="$1" NO_FAKE_STAT=1 "${@:2}"
}

ledger() {
    sqlite3 -batch -bail -noheader ledger.db "$1"
}

ledger_reg() {
    sqlite3 -batch -bail -noheader ledger.db ".load ${REG%.so}" "$1"
}

contents() {
    sqlite3 -batch -bail ledger.db <"$ROOT/tests/jobs/contents.sql"
}

sums() {
    ledger "SELECT read, success, pending, failed, continued, rejected FROM import_batch
             WHERE import_id = (SELECT max(id) FROM import) ORDER BY end_offset DESC LIMIT 1"
}

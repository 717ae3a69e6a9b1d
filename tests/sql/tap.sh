# SPDX-License-Identifier: MIT
# Functions for tests of the extension in the stock sqlite3 shell: `. tests/sql/tap.sh`, in bash.
#
#   ledger [SETTINGS]     a new ledger file, with a JSON patch to its settings; sets LEDGER
#   sql SQL               runs SQL in the shell on $LEDGER (":memory:" at first), the extension
#                         loaded; rows and errors as they come; an error reads "Error: ...", and
#                         passes over the rest of its line (shells of other versions say where first)
#   session               from now on one shell runs all that `sql` is given for this $LEDGER, but at another time: for tests
#                         of many statements that do not care for the connection
#   sessions              every `ledger` to come has such a session, until the next one, and its clock is set, too
#   at TIME sql SQL       the same with the clock standing at TIME (UTC, 2026-01-01 00:00:00.000)
#   $(later SECONDS)      START and so many seconds, for `at`; also 59.999
#   $(meanwhile SQL)      within SQL: another process runs this between two statements
#   is NAME EXPECTED GOT, like NAME PATTERN GOT (extended regular expression), ok NAME COMMAND...
#   answers NAME EXPECTED SQL, refuses NAME PATTERN SQL     is and like over sql
#   done_testing          last
#
# $FOLDER is the test's own and is removed at the end. BUILD names the build; build/asan is loaded
# under its sanitizers, and a finding fails the test by the shell's output.

export TZ=UTC LC_ALL=C.UTF-8
BUILD=${BUILD:-build}
FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/reg-sql.XXXXXX")
LEDGER=:memory:
CLOCK=
SHELL_ARGUMENTS=-batch
SESSION=
SESSIONS=
tests=0
failures=0
ledgers=0

finish() {
    local status=$?
    rm -rf "$FOLDER"
    exit $status
}
trap finish EXIT

multiarch=$(gcc -print-multiarch)
faketime=/usr/lib/$multiarch/faketime/libfaketime.so.1
case $BUILD in
*/asan) sanitizer=$(gcc -print-file-name=libasan.so) ;;
*) sanitizer= ;;
esac

shell() { # [ASSIGNMENT]: how the clock is told, where it is not the machine's
    local clock=${1:-${CLOCK:+FAKETIME=$CLOCK}}
    local preload=${clock:+$faketime}${clock:+${sanitizer:+:}}$sanitizer
    # shellcheck disable=SC2086
    env ${preload:+LD_PRELOAD=$preload} ${clock:+"$clock" FAKETIME_NO_CACHE=1} timeout "${SQL_LIMIT:-60}" sqlite3 $SHELL_ARGUMENTS "$LEDGER" 2>&1
}

sql() {
    if [ "$SESSION" = "$LEDGER" ] && { [ -z "$CLOCK" ] || [ -n "$SESSIONS" ]; }; then
        printf '%s' "${CLOCK:-+0}" >"$FOLDER/clock"
        printf '%s\n.print end of answer\n' "$1" >&7
        while IFS= read -r -t 60 -u 8 line && [ "$line" != "end of answer" ]; do printf '%s\n' "$line"; done
    else
        printf '.load %s\n%s\n' "$PWD/$BUILD/reg" "$1" | shell
    fi | sed -E 's/^(Runtime error|Parse error|Error) near line [0-9]+: /Error: /; /^  .*( error here ---\^|\^--- error here)$/d'
}

session() {
    mkfifo "$FOLDER/asked" "$FOLDER/answered"
    printf +0 >"$FOLDER/clock"
    SQL_LIMIT=300 shell ${SESSIONS:+"FAKETIME_TIMESTAMP_FILE=$FOLDER/clock"} <"$FOLDER/asked" >"$FOLDER/answered" &
    SESSION_ID=$!
    exec 7>"$FOLDER/asked" 8<"$FOLDER/answered"
    rm "$FOLDER/asked" "$FOLDER/answered"
    SESSION=$LEDGER
    sql ".load $PWD/$BUILD/reg"
}

sessions() {
    SESSIONS=yes
}

# What a sanitizer finds at the end, such as a leak, is said here.
session_ends() {
    exec 7>&-
    is "the session ends without a word" "" "$(cat <&8)"
    wait "$SESSION_ID"
    like "and well, or with the errors that it was to show" '^[01]$' $?
    exec 8<&-
    SESSION=
}

meanwhile() {
    local script
    script=$(mktemp "$FOLDER/meanwhile.XXXXXX")
    printf '.load %s\n%s\n' "$PWD/$BUILD/reg" "$1" >"$script"
    printf '\n.system sqlite3 -batch %s <%s >%s.out 2>&1\n' "$LEDGER" "$script" "$script"
}

START='2026-01-01 12:00:00'
later() {
    local fraction=
    case $1 in *.*) fraction=.${1#*.}5 ;; esac # libfaketime reads a fraction, and rounds down
    date -u -d "@$((1767268800 + ${1%.*}))" "+%Y-%m-%d %H:%M:%S$fraction"
}

at() {
    local CLOCK=$1
    shift
    "$@"
}

is() {
    tests=$((tests + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $tests - $1"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $1"
        diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^/#   /'
        echo "#   < expected, > got, line $(caller_line)"
    fi
}

like() {
    tests=$((tests + 1))
    if [[ $3 =~ $2 ]]; then
        echo "ok $tests - $1"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $1"
        printf '%s\n' "expected: $2" "got: $3" "line $(caller_line)" | sed 's/^/#   /'
    fi
}

# The line of the test itself that led here.
caller_line() {
    local i
    for i in "${!BASH_SOURCE[@]}"; do
        if [ "${BASH_SOURCE[i]}" = "$0" ]; then
            echo "${BASH_LINENO[i - 1]}"
            return
        fi
    done
}

ok() {
    local name=$1
    shift
    if "$@"; then is "$name" yes yes; else is "$name" yes no; fi
}

answers() {
    is "$1" "$2" "$(sql "$3")"
}

refuses() {
    like "$1" "^Error: .*$2" "$(sql "$3")"
}

# Hashes cost nothing there: what they cost is tested elsewhere. Ledgers of the same time are copies of one, with one key.
ledger() {
    local pristine=$FOLDER/pristine-${CLOCK:-now}.db made
    if [ ! -e "$pristine" ]; then
        LEDGER=$pristine
        made=$(sql "SELECT reg_init(); SELECT reg_settings_patch('{\"passwordHash\":{\"memoryKiB\":8,\"passes\":1},\"requiredConsents\":[]}') IS NOT NULL;")
        [[ $made == [1-9]*$'\n1' ]] || no_ledger "$made"
    fi
    ledgers=$((ledgers + 1))
    LEDGER=$FOLDER/ledger-$ledgers.db
    cp -p "$pristine" "$LEDGER"
    cp -p "$pristine.key" "$LEDGER.key"
    [ $# = 0 ] || made=$(sql "SELECT reg_settings_patch('$1') IS NOT NULL;")
    [ $# = 0 ] || [ "$made" = 1 ] || no_ledger "$made"
    [ -z "$SESSION" ] || session_ends
    [ -z "$SESSIONS" ] || session
}

no_ledger() {
    echo "Bail out! no ledger: $1"
    exit 1
}

done_testing() {
    [ -z "$SESSION" ] || session_ends
    echo "1..$tests"
    [ "$failures" = 0 ]
}

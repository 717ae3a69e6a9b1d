#!/bin/sh
# SPDX-License-Identifier: MIT
# The benchmarks: ours and the peer's side by side, in turns, in one run; medians.
#
#   make bench [ROWS=200000] [BIG=1000000] [SEED=1] [HASHES=600] [REPORTS=60000] [NIGHT=400] [ROUNDS=3] [ONLY="hashing import ..."]
#
# ROWS: rows of an import that needs no hash; BIG: attempts of the large ledger; the analysts' questions are asked of both sizes. The goals are stated for
# `make bench ROWS=1000000 BIG=5000000`, which takes some 15 GB of disk and an hour at the most.
# KEEP=1 keeps the work folder. A goal that is not met is said, and is no failure: only what breaks is.
set -eu
cd "$(dirname "$0")/../.."
ROWS=${ROWS:-200000} BIG=${BIG:-1000000} SEED=${SEED:-1} HASHES=${HASHES:-600} REPORTS=${REPORTS:-60000} NIGHT=${NIGHT:-400} ROUNDS=${ROUNDS:-3}
ONLY=${ONLY:-hashing import json history analysts inserts reports nightly night cluster}
BUILD=$PWD/${BUILD:-build}
REGJOB=$BUILD/regjob
CORES=$(nproc)
HERE=$PWD/tests/bench
WORK=$BUILD/bench/work
for part in lines hashing import json history analysts inserts reports nightly night cluster; do
    . "$HERE/$part.sh"
done

end() {
    status=$?
    standin_stop
    cluster_stop
    [ -z "${SMTP_PID-}" ] || kill "$SMTP_PID" 2>/dev/null || true
    [ "$status" = 0 ] || echo "tests/bench: it broke (exit code $status)" >&2
    [ -n "${KEEP-}" ] || rm -rf "$WORK"
    exit "$status"
}
rm -rf "$WORK"
mkdir -p "$WORK"
cd "$WORK"
trap end EXIT
trap 'exit 130' INT TERM
export TZ=UTC LC_ALL=C.UTF-8
unset REG_KEY_FILE

echo "$(date -u +%Y-%m-%dT%H:%MZ), $(uname -srm), $CORES cores, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo) of memory,"
echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), SQLite $(sqlite3 --version | cut -d' ' -f1), load $(cut -d' ' -f1 /proc/loadavg)"
echo "ROWS=$ROWS BIG=$BIG SEED=$SEED HASHES=$HASHES REPORTS=$REPORTS NIGHT=$NIGHT ROUNDS=$ROUNDS"
for part in $ONLY; do
    case $part in
    import) import_rows ;;
    history)
        [ -f rows.db ] || {
            tool rows "$ROWS" "$SEED" hashed >rows.csv
            ledger_new rows.db
            "$REGJOB" -l rows.db import rows.csv
        }
        history
        ;;
    hashing | json | analysts | inserts | reports | nightly | night | cluster) "$part" ;;
    *)
        echo "tests/bench/run.sh: there is no part $part" >&2
        exit 64
        ;;
    esac
done
echo
echo "load at the end: $(cut -d' ' -f1 /proc/loadavg)"

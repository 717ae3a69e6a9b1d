# SPDX-License-Identifier: MIT
# regjob import: a stream far larger than memory, which is never on a disk: MEGABYTES of it (400; 10240 with SOAK=1).

load ../helper

setup() {
    regjob_setup
    printf '[ledger]\npath = ledger.db\n[import]\nworkers = 1\nbatch = 1000\n' >job.conf
}

# Wide rows of 800 kB each, most of it in a column that is nobody's; every hundredth has a field that is longer than the limit.
wide() {
    perl -e '
        my ($rows, $wide, $long) = ($ARGV[0] * 5 / 4, "x" x 799940, "y" x 1400000);
        print "email,outcome,notes\n";
        for my $row (1 .. $rows) {
            printf "p%d\@example.com,success,\"%s\n\"\"%d\"\"\"\n", $row, $row % 100 == 0 ? $long : $wide, $row;
        }' "$1"
}

# The most memory that COMMAND has had, in KiB: in `peak`.
peak() {
    /usr/bin/python3 -c '
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
open("peak", "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status if status >= 0 else 128 - status)' "$@"
}

@test "a stream of gigabytes takes no more memory than one of a tenth of it" {
    megabytes=${MEGABYTES:-$([ -n "${SOAK-}" ] && echo 10240 || echo 400)}
    wide $((megabytes / 10)) | peak "$REGJOB" -c job.conf import --name tenth - || [ $? -eq 2 ]
    tenth=$(cat peak)
    regjob_fresh
    rm -f ./*.rejects
    wide "$megabytes" | peak "$REGJOB" -c job.conf import --name whole - || [ $? -eq 2 ]
    echo "# $megabytes MB: $(cat peak) KiB, a tenth: $tenth KiB" >&3
    # The larger ledger has more pages at hand, too.
    [ "$(cat peak)" -lt $((tenth * 13 / 10 + 8192)) ]
    [ "$(cat peak)" -lt $((128 * 1024)) ]
    rows=$((megabytes * 5 / 4)) long=$((megabytes / 80))
    [ "$(sums)" = "$rows|$((rows - long))|0|0|0|$long" ]
    [ "$(ledger "SELECT count(DISTINCT kind), min(kind), min(bytes) > 1400000, min(message) LIKE '%max_field_bytes%' FROM reject")" = "1|too_long|1|1" ]
    [ "$(ledger "SELECT bytes > $megabytes * 1000000 FROM import")" = 1 ]
}

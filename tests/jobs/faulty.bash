# Faults of the disk and death at chosen instants: `load faulty`.
#
#   faulty [VARIABLE=value...] COMMAND...   runs it with the faults that faulty.c lists

faulty() {
    local library=$BATS_FILE_TMPDIR/faulty.so
    [ -e "$library" ] ||
        "${CC:-gcc}" -std=c17 -D_GNU_SOURCE -O1 -fPIC -shared "$(dirname "${BASH_SOURCE[0]}")/faulty.c" -o "$library" || return 99
    env LD_PRELOAD="$library" "$@"
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# The one runner: every test, in prove's TAP harness, from the repository's root.
#
#   sh tests/run.sh [PATH...]     everything, or what is named: a test, or a folder of tests
#   sh tests/run.sh --sanitized   SQL and jobs once more, under the sanitizers
#
# Tests are: the cmocka programs of tests/unit (built as build/tests/ROOM/NAME), tests/**/*.t, run through
# their #! line, and tests/**/*.bats. A name that begins with "asan:" is the same test over the
# build with sanitizers (`make asan`), in build/asan. A test finds its build in $BUILD.
# JOBS: how many run at a time (two more than there are cores, since many wait for a clock). LIMIT: the seconds that one may take (300).
#
# Every test starts in the same environment, whatever yours is: UTC, C.UTF-8, umask 022, no settings
# of a user's own. A test that is about another one sets it itself.
#
# Another SQLite shell than the installed one: SQLITE names the program, for every test that runs
# `sqlite3`, for example `SQLITE=$HOME/sqlite-3.46/sqlite3 sh tests/run.sh tests/sql`. It must be
# built with SQLITE_ENABLE_MATH_FUNCTIONS and as its own makefile builds it otherwise. The library
# that regjob and Python link is another matter: LD_LIBRARY_PATH finds that, and wants a shell of its
# own version.
set -eu

# prove hands each test back to this script, which knows how its kind is run.
if [ "${1-}" = --one ]; then
    test=$2
    case $test in
    asan:*)
        test=${test#asan:}
        export BUILD=build/asan
        # libfaketime wants to be loaded before the sanitizer's library; the other way round both wait for ever.
        # The search for leaks stumbles over thread-local storage of libraries that a library has brought along.
        export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:exitcode=99:verify_asan_link_order=0:intercept_tls_get_addr=0}"
        export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1:exitcode=99}"
        ;;
    *) export BUILD=build ;;
    esac
    case $test in
    tests/unit/*.c) # those of the rooms, too: a star stands for a slash as well
        export CMOCKA_MESSAGE_OUTPUT=TAP
        set -- "$BUILD/tests/$(expr "$test" : 'tests/unit/\(.*\)\.c')"
        ;;
    *.bats) set -- bats --tap "$test" ;;
    *.t) set -- "./${test#./}" ;;
    *)
        echo "1..0 # $test: neither a unit program, nor .t, nor .bats"
        exit 1
        ;;
    esac
    exec timeout -k 10 "${LIMIT:-300}" "$@"
fi

cd "$(dirname "$0")/.."

# The same start for every test.
export TZ=UTC LC_ALL=C.UTF-8 HOME=/nonexistent
unset LANG LANGUAGE REG_KEY_FILE CDPATH BASH_ENV ENV MAKEFLAGS MAKELEVEL MFLAGS \
    http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
umask 022

# The shell that SQLITE names is the first `sqlite3` that any program finds.
if [ -n "${SQLITE-}" ]; then
    mkdir -p build/shell
    ln -sf "$(realpath "$(command -v "$SQLITE")")" build/shell/sqlite3
    PATH=$PWD/build/shell:$PATH
    export PATH
fi

# The tests that a path names, a line each.
tests_of() {
    prefix=
    path=${1#./}
    case $path in asan:*) prefix=asan: path=${path#asan:} ;; esac
    path=${path%/}
    case $path in
    build/tests | build/asan/tests) path=tests/unit ;;
    build/tests/*) path=tests/unit/${path#build/tests/}.c ;;
    esac
    if [ -d "$path" ]; then
        find "$path" -type f \( -name '*.t' -o -name '*.bats' -o -path 'tests/unit/*.c' \) | sort | sed "s/^/$prefix/"
    elif [ -e "$path" ]; then
        echo "$prefix$path"
    else
        echo "tests/run.sh: there is no test $1" >&2
        return 1
    fi
}

# Everything in the plain build, and the unit programs under the sanitizers as well. test_allocation.c, which fails each allocation in turn, runs under
# the sanitizers alone. Left out is what needs more than the packages that `make test` installs, and has a target of its own: `make test-recovery`, `make test-analysts`,
# `make test-packages`, `make test-hosts`, `make test-cluster`.
everything() {
    tests_of asan:tests/unit
    tests_of tests | grep -vE '/test_allocation\.c$|^tests/(recovery|analysts|packages|hosts|cluster)/'
}

# What else the sanitizers see: all that is C and ours, called through its own interface, and imports with many threads. Left to the plain build is what
# only repeats those calls at length (secrets.t, about the files that they leave; parallel.t, about SQLite's lock; flood.t, about cost; hashes.t, about
# what other programs make) or talks to other programs for their own sake. SOAK=1 leaves out nothing but backlog, which measures memory, and theirs is another.
sanitized() {
    if [ -n "${SOAK-}" ]; then
        tests_of asan:tests/sql
        tests_of asan:tests/jobs | grep -v backlog
        tests_of asan:tests/systems
    else
        tests_of asan:tests/sql | grep -vE '/(secrets|parallel|flood|hashes)\.t$'
        tests_of asan:tests/jobs/import_threads.bats
        tests_of asan:tests/jobs/import_forms.bats
    fi
}

if [ $# = 0 ]; then
    list=$(everything)
elif [ "$1" = --sanitized ]; then
    list=$(sanitized)
else
    list=
    for path in "$@"; do
        found=$(tests_of "$path")
        list="$list $found"
    done
fi
# Names of tests have no blanks.
# shellcheck disable=SC2086
exec prove --jobs "${JOBS:-$(($(nproc) + 2))}" --timer --exec "sh tests/run.sh --one" $list

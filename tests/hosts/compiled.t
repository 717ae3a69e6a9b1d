#!/bin/bash
# SPDX-License-Identifier: MIT
# Hosts that are compiled: C with the oldest and the newest SQLite as well as Debian's, Go, Java. The older and newer ones are the
# sources that npm packages bring.
. "$(dirname "$0")/hosts.bash"
packages=build/hosts/node_modules

# c NAME SOURCES: both programs, with the SQLite in that folder; '' is the system's
c() {
    local build=build/hosts/$1 options=-lsqlite3
    mkdir -p "$build"
    if [ -n "$2" ]; then
        [ -e "$build/sqlite3.o" ] || ${CC:-gcc} -O1 -w -DSQLITE_ENABLE_MATH_FUNCTIONS -c "$2/sqlite3.c" -o "$build/sqlite3.o" || return
        options="-I$2 $build/sqlite3.o -lm -lpthread -ldl"
    fi
    # shellcheck disable=SC2086
    ${CC:-gcc} -O1 $SAMPLES/c.c $options -o "$build/sample" && ${CC:-gcc} -O1 tests/hosts/c.c $options -o "$build/test"
}
version() { sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$1/sqlite3.h"; }

c debian '' && host "C with Debian's SQLite" build/hosts/debian/sample -- build/hosts/debian/test
oldest=$packages/sqlite-oldest/deps/sqlite3 newest=$packages/better-sqlite3/deps/sqlite3
c oldest $oldest && host "C with SQLite $(version $oldest)" build/hosts/oldest/sample -- build/hosts/oldest/test
c newest $newest && host "C with SQLite $(version $newest)" build/hosts/newest/sample -- build/hosts/newest/test
HOST_OPTIONS=strict host "C with SQLite $(version $newest), defensive, without trust in the schema" build/hosts/newest/sample -- build/hosts/newest/test

# Too old: one sentence with both versions, and nothing else happens.
tar -x -C $packages/sqlite-too-old/deps -f $packages/sqlite-too-old/deps/sqlite3.tar.gz
old=$packages/sqlite-too-old/deps
c too-old $old
build/hosts/too-old/sample "$LIBRARY" "$WORK/ledger.db" >"$WORK/said" 2>&1
[ $? = 1 ] && grep -q "3\.38.*$(version $old)" "$WORK/said" && [ "$(wc -l <"$WORK/said")" = 1 ]
ok $? "C with SQLite $(version $old) is told what it lacks"

export GOPATH=$PWD/build/hosts/go:/usr/share/gocode GOCACHE=$PWD/build/hosts/go-cache GO111MODULE=off GOFLAGS=-tags=libsqlite3
go build -o build/hosts/golang-sample $SAMPLES/golang.go && go build -o build/hosts/golang-test tests/hosts/golang.go
host "Go's mattn/go-sqlite3" build/hosts/golang-sample -- build/hosts/golang-test

java=(java -cp /usr/share/java/sqlite-jdbc.jar "-Djava.library.path=/usr/lib/$(gcc -print-multiarch)/jni")
host "Java's xerial sqlite-jdbc" "${java[@]}" $SAMPLES/Java.java -- "${java[@]}" tests/hosts/Java.java
hosts_done

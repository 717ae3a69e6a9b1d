# SPDX-License-Identifier: MIT
# Two builds give the same bytes: the second in another folder, with another umask, time zone, locale and number of jobs, under another clock.
# SOAK=1 builds both in bare roots of their own.

load root

digests() {
    (cd "$1" && sha256sum ./*.deb ./*.spdx.json)
}

teardown() {
    root_end
    [ -z "${SECOND:-}" ] || rm -rf "$SECOND"
}

@test "two builds are the same, byte for byte" {
    if [ -n "${SOAK:-}" ]; then
        for name in first second; do
            root_make
            tar -C "$ROOT" -c --exclude=./build . | tar -x -C "$(mkdir -p "$BARE/srv/$name" && echo "$BARE/srv/$name")"
            in_root sh -c "apt-get -q update && apt-get -q -y install make && cd /srv/$name && make deb" >"$BATS_TEST_TMPDIR/$name.log" 2>&1 || { tail -n 20 "$BATS_TEST_TMPDIR/$name.log"; false; }
            digests "$BARE/srv/$name/build/deb" >"$BATS_TEST_TMPDIR/$name"
            root_end
        done
    else
        digests "$ROOT/build/deb" >"$BATS_TEST_TMPDIR/first"
        SECOND=$(mktemp -d "${TMPDIR:-/tmp}/another-folder-with-a-longer-name.XXXXXX")
        tar -C "$ROOT" -c --exclude=./build . | tar -x -C "$SECOND"
        # Timestamps of files are not those of the first build, either.
        (umask 027 && cd "$SECOND" && find . -exec touch -d 2027-03-04 {} + &&
            TZ=Asia/Tokyo LC_ALL=C LANG=de_DE.UTF-8 make -j1 deb >"$BATS_TEST_TMPDIR/log" 2>&1) || { tail -n 20 "$BATS_TEST_TMPDIR/log"; false; }
        digests "$SECOND/build/deb" >"$BATS_TEST_TMPDIR/second"
    fi
    sed 's/^/# /' "$BATS_TEST_TMPDIR/first" >&3
    diff "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/first")" = 5 ]
}

@test "the list of what it is made of names every library that the package depends on" {
    /usr/bin/python3 - "$ROOT"/build/deb/*.spdx.json "$(dpkg-deb -f "$ROOT"/build/deb/regjob_*.deb Depends)" "$(dpkg-deb -f "$ROOT"/build/deb/sqlite3-reg_*.deb Depends)" <<'END'
import json, re, sys
listed = json.load(open(sys.argv[1]))
names = {package["name"] for package in listed["packages"]}
needed = {re.match(r"[a-z0-9.+-]+", one)[0] for depends in sys.argv[2:] for one in depends.split(", ")} - {"ca-certificates", "systemd"}
# Packages that other ones provide.
needed = {{"libphonenumber8-protobuf32": "libphonenumber8"}.get(name, name) for name in needed}
assert len(needed) > 12 and needed <= names, needed - names
identifiers = {package["SPDXID"] for package in listed["packages"]} | {"SPDXRef-DOCUMENT"}
assert all({one["spdxElementId"], one["relatedSpdxElement"]} <= identifiers for one in listed["relationships"])
assert len(listed["relationships"]) == len(listed["packages"])
END
}

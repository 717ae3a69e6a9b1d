# SPDX-License-Identifier: MIT
# The Debian packages in a bare root: installed, upgraded while the ledger is in use, removed and purged. `make test-packages`.
# The tests go through the life of one machine, in order.

load root

setup_file() {
    cd "$ROOT/build/deb"
    root_make
    export BARE
    mkdir "$BARE/root/deb"
    cp ./regjob_*.deb ./sqlite3-reg_*.deb "$BARE/root/deb/"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
}

teardown_file() {
    root_end
}

# Runs a command as the job's user, its home as the current folder.
as_job() {
    in_root runuser -u regjob -- sh -c 'cd && "$@"' sh "$@"
}

# What of the user's must stay, whatever becomes of the packages.
belongings() {
    (cd "$BARE" && find etc/regjob var/lib/regjob var/spool/regjob -type f ! -name '*-shm' -print0 | sort -z | xargs -0 sha256sum)
}

@test "lintian finds no error and no warning" {
    run lintian --allow-root --fail-on error,warning "$ROOT"/build/deb/*.changes
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "the version is that of the program, and of the changelog" {
    version=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
    [ "$(dpkg-deb -f "$ROOT"/build/deb/regjob_*.deb Version)" = "$version" ]
    [ "$(dpkg-deb -f "$ROOT"/build/deb/sqlite3-reg_*.deb Version)" = "$version" ]
}

@test "make install brings the files of the packages" {
    make -s -C "$ROOT" install DESTDIR="$BATS_TEST_TMPDIR/all" PREFIX=/usr LIBDIR="/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)" \
        UNITDIR=/lib/systemd/system ZSHDIR=/usr/share/zsh/vendor-completions
    (cd "$BATS_TEST_TMPDIR/all" && find . ! -type d | sort) >installed
    # debhelper adds changelog and copyright, and compresses the manual.
    for package in "$ROOT"/build/deb/regjob_*.deb "$ROOT"/build/deb/sqlite3-reg_*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -t
    done | grep -v -e '/$' -e '/changelog.gz$' -e '/copyright$' | sed '/[.][1-9][.]gz$/s/[.]gz$//' | sort >packaged
    diff packaged installed
}

@test "installed: user, folders, configuration, disabled timers" {
    date +%s >"$BATS_FILE_TMPDIR/began"
    in_root sh -c 'apt-get -q update && apt-get -q -y install ./root/deb/regjob_*.deb ./root/deb/sqlite3-reg_*.deb' >"$BATS_FILE_TMPDIR/apt.log" 2>&1 ||
        { tail -n 40 "$BATS_FILE_TMPDIR/apt.log"; false; }
    [ "$(in_root getent passwd regjob | cut -d: -f6)" = /var/lib/regjob ]
    # The user's own folder is nobody else's; the inboxes are also the group's.
    [ "$(in_root stat -c '%U:%G %a' /var/lib/regjob)" = 'regjob:regjob 700' ]
    for inbox in inbox confirmations exports; do
        [ "$(in_root stat -c '%U:%G %a' /var/spool/regjob/$inbox)" = 'regjob:regjob 2770' ]
    done
    [ "$(in_root stat -c '%U:%G %a' /etc/regjob/regjob.conf)" = 'root:root 644' ]
    for timer in regjob-send.timer regjob-nightly.timer; do
        run systemctl --root="$BARE" is-enabled $timer
        [ "$output" = disabled ]
    done
    # systemd has nothing to say against the units; the programs they start are there.
    run systemd-analyze --root="$BARE" --man=no verify regjob-send.timer regjob-nightly.timer regjob-failed@x.service
    echo "$output"
    [[ "$output" != *regjob* ]]
}

@test "from nothing to the first answer" {
    # What somebody writes on the first evening.
    cat >"$BARE/etc/regjob/regjob.conf" <<'END'
[ledger]
path = /var/lib/regjob/ledger.db
[import]
inbox = /var/spool/regjob/inbox
[mail]
url = file:/var/lib/regjob/mail
[sms]
url = file:/var/lib/regjob/sms
END
    as_job regjob init
    run as_job regjob check
    echo "$output"
    [ "$status" -eq 0 ]
    [[ "$output" == *'ok      integrity '*'ok      key '*'ok      inbox '* ]]
    in_root install -o regjob -g regjob -m 600 /usr/share/doc/regjob/examples/signups.csv /var/spool/regjob/inbox/
    # Left alone for long enough, as far as the inbox knows.
    in_root touch -d '-1 hour' /var/spool/regjob/inbox/signups.csv
    run as_job regjob nightly
    echo "$output"
    [ "$status" -eq 0 ] || [ "$status" -eq 2 ]
    # The analyst's shell finds the extension by its name alone, and the shell's settings that the package brings find it, too.
    rows=$(grep -c . "$BARE/usr/share/doc/regjob/examples/signups.csv")
    [ "$rows" -gt 100 ]
    count=$(as_job sqlite3 -readonly ledger.db '.load reg' 'SELECT count(*) FROM reg_attempts')
    [ "$count" -gt 100 ]
    [ "$(as_job sqlite3 -batch -noheader -init /usr/share/sqlite-reg/sqliterc -readonly ledger.db '.mode list' 'SELECT count(*) FROM reg_attempts')" = "$count" ]
    echo "# from the bare root to the first answer: $(($(date +%s) - $(cat "$BATS_FILE_TMPDIR/began"))) seconds" >&3
    in_root sh -c 'ls /usr/share/man/man1/regjob.1.gz /usr/share/man/man5/regjob.conf.5.gz /usr/share/man/man7/reg.7.gz'
}

@test "upgraded while the ledger is in use: program, ledger and configuration go on" {
    echo '# mine' >>"$BARE/etc/regjob/regjob.conf"
    belongings >before
    # The next version: the same files under a higher number.
    mkdir "$BARE/root/next"
    for package in regjob sqlite3-reg; do
        dpkg-deb -R "$ROOT"/build/deb/${package}_*.deb "$BATS_TEST_TMPDIR/$package"
        sed -i 's/^Version: .*/&+next/' "$BATS_TEST_TMPDIR/$package/DEBIAN/control"
        dpkg-deb --root-owner-group -b "$BATS_TEST_TMPDIR/$package" "$BARE/root/next/" >/dev/null
    done
    # An application with the old extension and a transaction open.
    mkfifo application
    as_job sqlite3 -batch -bail ledger.db <application >application.log 2>&1 3>&- &
    pid=$!
    exec 9>application
    echo ".load reg
BEGIN IMMEDIATE;
INSERT INTO reg_attempts (email, outcome) VALUES ('first@example.com', 'success');
.print begun" >&9
    until grep -q begun application.log; do
        kill -0 $pid
        sleep 0.05
    done
    in_root sh -c 'apt-get -q -y install ./root/next/*.deb' >upgrade.log 2>&1 || { tail -n 40 upgrade.log; false; }
    grep -q '+next' "$BARE/var/lib/dpkg/status"
    echo "INSERT INTO reg_attempts (email, outcome) VALUES ('second@example.com', 'success');
COMMIT;
SELECT 'and ' || count(*) FROM reg_attempts WHERE email IN ('first@example.com', 'second@example.com');" >&9
    exec 9>&-
    wait $pid
    cat application.log
    [ "$(tail -n 1 application.log)" = 'and 2' ]
    as_job regjob status >/dev/null
    [ "$(as_job sqlite3 ledger.db 'PRAGMA integrity_check')" = ok ]
    [ "$(tail -n 1 "$BARE/etc/regjob/regjob.conf")" = '# mine' ]
    # All but the ledger is as it was.
    diff <(grep -v 'ledger.db\(-wal\)\?$' before) <(belongings | grep -v 'ledger.db\(-wal\)\?$')
}

@test "removed and purged: nothing of the user's is gone" {
    printf 'secret' >"$BARE/etc/regjob/fraud.token"
    in_root touch /var/spool/regjob/exports/late.csv
    belongings >before
    grep -q 'ledger.db.key' before
    in_root apt-get -q -y remove regjob sqlite3-reg >remove.log 2>&1
    belongings | diff before -
    [ ! -e "$BARE/usr/bin/regjob" ]
    in_root apt-get -q -y purge regjob sqlite3-reg >purge.log 2>&1 || { cat purge.log; false; }
    belongings | diff before -
    grep -q '/var/lib/regjob is not empty and stays' purge.log
    # Of the packages' own nothing is left.
    in_root sh -c '! dpkg -l regjob sqlite3-reg 2>/dev/null | grep -E "^.[^n]"'
    (cd "$BARE" && find . -xdev \( -name '*regjob*' -o -name 'reg.so' -o -name 'sqlite*-reg*' \) ! -path './root/*' ! -path './etc/regjob*' \
        ! -path './var/lib/regjob*' ! -path './var/spool/regjob*' ! -path './var/log/*' ! -path './proc/*') >left
    cat left
    [ ! -s left ]
    # Installed again, all of it is still in use.
    in_root sh -c 'apt-get -q -y install ./root/deb/regjob_*.deb' >again.log 2>&1
    as_job regjob status >/dev/null
    [ "$(tail -n 1 "$BARE/etc/regjob/regjob.conf")" = '# mine' ]
}

@test "purged with nothing in use: nothing stays" {
    rm -rf "$BARE"/var/lib/regjob/* "$BARE"/var/spool/regjob/*/* "$BARE/etc/regjob"
    in_root apt-get -q -y purge regjob >purge.log 2>&1
    in_root sh -c 'apt-get -q -y install ./root/deb/regjob_*.deb' >again.log 2>&1
    [ -e "$BARE/etc/regjob/regjob.conf" ]
    in_root apt-get -q -y purge regjob >purge.log 2>&1
    [ ! -e "$BARE/etc/regjob" ]
    [ ! -e "$BARE/var/lib/regjob" ]
    [ ! -e "$BARE/var/spool/regjob" ]
}

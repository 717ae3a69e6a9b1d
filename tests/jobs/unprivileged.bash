# Programs as a user who is not root: `load unprivileged`.
#
#   unprivileged_setup       a folder that such a user may write to, with copies of the job and a fresh ledger; the
#                            current folder from then on, removed by unprivileged_end
#   unprivileged COMMAND...  runs it as that user: us, or nobody (65534) where we are root

unprivileged() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

unprivileged_setup() {
    UNPRIVILEGED=$(mktemp -d "${TMPDIR:-/tmp}/regjob-user.XXXXXX")
    chmod 755 "$UNPRIVILEGED"
    cp "$REGJOB" "$UNPRIVILEGED/regjob"
    chmod 755 "$UNPRIVILEGED/regjob"
    mkdir "$UNPRIVILEGED/work"
    [ "$(id -u)" != 0 ] || chown 65534:65534 "$UNPRIVILEGED/work"
    cd "$UNPRIVILEGED/work" || return 1
    REGJOB=$UNPRIVILEGED/regjob
    unprivileged "$REGJOB" -l ledger.db init
}

unprivileged_end() {
    cd / && rm -rf "${UNPRIVILEGED:?}"
}

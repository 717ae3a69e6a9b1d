# SPDX-License-Identifier: MIT
# A bare Debian root to install packages into: `load root`. Needs root, mmdebstrap and the package sources of this machine.
#
#   root_make              sets BARE, a fresh copy of a minimal root, which is made once for all tests of a file
#   in_root COMMAND...     runs it in there, with /proc, in a namespace of its own, as a login of root's would
#   root_end               removes it

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

root_make() {
    local base=$ROOT/build/bare-root
    if [ ! -e "$base.tar" ]; then
        local -a options=() sources=(/etc/apt/sources.list.d/*.sources)
        [ -e "${sources[0]}" ] || sources=(/etc/apt/sources.list)
        local file
        for file in /etc/apt/apt.conf.d/99*; do [ ! -e "$file" ] || options+=("--aptopt=$file"); done
        # Compressed, or with documents left out, as some machines would have it, it would be no usual one.
        mmdebstrap --quiet --variant=apt "${options[@]}" --include=ca-certificates \
            "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$base.new.tar" "${sources[@]}" >&2 || return
        mv "$base.new.tar" "$base.tar"
    fi
    BARE=$(mktemp -d "${TMPDIR:-/tmp}/bare.XXXXXX")
    chmod 755 "$BARE"
    tar -x -C "$BARE" -f "$base.tar"
    cp -L /etc/resolv.conf /etc/hosts "$BARE/etc/"
    mkdir -p "$BARE/usr/local/share/ca-certificates"
    cp -r /usr/local/share/ca-certificates/. "$BARE/usr/local/share/ca-certificates/" 2>/dev/null || true
}

in_root() {
    # The mounts end with the namespace.
    unshare --mount --propagation private sh -c 'mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" && shift && exec "$@"' sh "$BARE" \
        chroot "$BARE" /usr/bin/env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

root_end() {
    [ -z "${BARE:-}" ] || rm -rf --one-file-system "$BARE"
}

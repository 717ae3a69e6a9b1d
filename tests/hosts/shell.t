#!/bin/bash
# SPDX-License-Identifier: MIT
# The shell: as it is, safe, and with a schema that is not trusted, which newer ones begin with, and the database defended.
. "$(dirname "$0")/hosts.bash"
HOST_OPTIONS=plain host 'the shell' sh $SAMPLES/shell.sh -- sh tests/hosts/shell.sh
HOST_OPTIONS=safe host 'the safe shell' sh $SAMPLES/shell.sh -- sh tests/hosts/shell.sh
HOST_OPTIONS=strict host 'the shell, defensive, without trust in the schema' sh $SAMPLES/shell.sh -- sh tests/hosts/shell.sh

# A machine without one of the libraries: the dynamic linker's own sentence names it.
sed 's/libphonenumber\.so\.8/libphonenumbeX.so.8/g' "$LIBRARY" >"$WORK/reg.so"
sqlite3 -batch :memory: ".load $WORK/reg" >"$WORK/said" 2>&1
[ $? = 1 ] && [ "$(cat "$WORK/said")" = 'Error: libphonenumbeX.so.8: cannot open shared object file: No such file or directory' ]
ok $? 'a library that is missing is named in one sentence'
hosts_done

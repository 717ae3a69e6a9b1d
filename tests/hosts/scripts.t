#!/bin/bash
# SPDX-License-Identifier: MIT
# Hosts whose programs are scripts.
. "$(dirname "$0")/hosts.bash"
python=/usr/bin/python3
host "Python's sqlite3" $python $SAMPLES/python.py -- $python tests/hosts/python.py
host "Python's apsw" $python $SAMPLES/python-apsw.py -- $python tests/hosts/python-apsw.py
host sqlite-utils sh $SAMPLES/sqlite-utils.sh -- $python tests/hosts/sqlite-utils.py
# PHP takes the extension from its own folder, by name.
HOST_LIBRARY=reg.so host PHP php -d sqlite3.extension_dir="$PWD/build" $SAMPLES/php.php -- php -d sqlite3.extension_dir="$PWD/build" tests/hosts/php.php
host Ruby ruby $SAMPLES/ruby.rb -- ruby tests/hosts/ruby.rb
host Perl perl $SAMPLES/perl.pl -- perl tests/hosts/perl.pl
host Tcl tclsh $SAMPLES/tcl.tcl -- tclsh tests/hosts/tcl.tcl
hosts_done

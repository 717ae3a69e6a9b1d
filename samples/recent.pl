#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Prints sample sign-ups with their dates moved to the last few days:
#
#   perl samples/recent.pl samples/signups.csv > signups.csv
#
# The samples are from November 2026 and end on the 20th. Every date of that month, and every Unix time at the beginning of
# a line, moves by the same number of whole days, so that the last one is yesterday (UTC). Everything else stays as it is.
use strict;
use warnings;
use POSIX 'strftime';

my $november = 20758;    # the 1st of it, in days since 1970
my $moved = int(time / 86400) - 1 - ($november + 19);

while (<>) {
    s/\b2026-11-(0[1-9]|[12]\d|30)/strftime('%Y-%m-%d', gmtime(86400 * ($november + $1 - 1 + $moved)))/eg;
    s/^(\d{10})(?=(?:\d{3})?,)/$1 + 86400 * $moved/e;
    print;
}

#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Text::CSV with binary set, as its synopsis has it: a field with a blank or a letter beyond ASCII is quoted. Booleans are Perl's: 1 and the empty string.
use strict;
use warnings;
use JSON::PP;
use Text::CSV;

open my $in, '<:raw', 'people.json' or die $!;
my $people = decode_json(do { local $/; <$in> });
binmode STDOUT, ':encoding(UTF-8)';
my $csv = Text::CSV->new({ binary => 1, eol => "\r\n" });
$csv->print(\*STDOUT, ['Customer Number', 'Email', 'Login', 'Firstname', 'Surname', 'Telephone', 'Date of Birth', 'Country', 'Language', 'Currency',
    'Registered', 'Email Confirmed', 'Terms & Conditions', 'Opt-In', 'IP', 'Device', 'Agent', 'Address', 'Remarks']);
for my $person (@$people) {
    my @row = @$person{qw(external_id email username given_name family_name phone birth_date country locale currency signed_up_at email_verified
        accepts_terms accepts_marketing ip_address device user_agent address note)};
    $_ = !!$_ for grep { JSON::PP::is_bool($_) } @row;
    $csv->print(\*STDOUT, \@row);
}

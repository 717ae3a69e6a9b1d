# SPDX-License-Identifier: MIT
# Signs somebody up, confirms the code, and asks what came of it: perl perl.pl LIBRARY LEDGER
use strict;
use warnings;
use DBI;
my ($library, $ledger) = @ARGV;
my $db = DBI->connect("dbi:SQLite:dbname=$ledger", '', '', {RaiseError => 1});
$db->sqlite_busy_timeout(15000);
$db->sqlite_enable_load_extension(1);
$db->sqlite_load_extension($library);
my $email = 'perl@example.com';
$db->do('INSERT INTO reg_attempts (email, password) VALUES (?, ?)', undef, $email, 'A9#bL8@z');
my ($code) = $db->selectrow_array("SELECT reg_issue_code(?, 'none')", undef, $email); # for you to deliver
my ($verdict) = $db->selectrow_array('SELECT reg_verify_code(?, ?)', undef, $email, $code);
my ($outcome) = $db->selectrow_array('SELECT outcome FROM reg_attempts WHERE email = ?', undef, $email);
print "$verdict $outcome\n";

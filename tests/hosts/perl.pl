# SPDX-License-Identifier: MIT
use strict;
use warnings;
use DBI;
my ($library, $ledger) = @ARGV;

sub connection {
    my $db = DBI->connect("dbi:SQLite:dbname=$ledger", '', '', {RaiseError => 1, PrintError => 0});
    $db->sqlite_busy_timeout(15000);
    $db->sqlite_enable_load_extension(1);
    $db->sqlite_load_extension($library);
    return $db;
}

my $db = connection();
my $begun = 0;
$db->sqlite_create_function('begun', 0, sub { $begun = 1 });
$db->sqlite_progress_handler(1000, sub { $begun });
my $endless = do { local $/; <STDIN> };
eval { $db->selectrow_array($endless) };
print "$1\n" if $@ =~ /(interrupted)/;
$db->sqlite_progress_handler(0, undef);
print $db->selectrow_array('SELECT count(*) > 0 FROM reg_attempts'), "\n";
$db->disconnect;

for (1 .. 1000) {
    $db = connection();
    my ($masked, $some) = $db->selectrow_array("SELECT reg_mask('ada\@example.com'), (SELECT count(*) > 0 FROM reg_attempts)");
    $db->disconnect;
    die unless $masked eq 'a***@example.com' && $some == 1;
}
print "reloaded\n";

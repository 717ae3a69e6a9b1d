<?php
// SPDX-License-Identifier: MIT
[, $library, $ledger] = $argv;

function connect($library, $ledger)
{
    $db = new SQLite3($ledger);
    $db->enableExceptions(true);
    $db->busyTimeout(15000);
    $db->loadExtension($library);
    return $db;
}

// PHP has no call to interrupt a statement: a function of the host that fails ends it.
$db = connect($library, $ledger);
$begun = 0;
$db->createFunction('begun', function () use (&$begun) {
    $begun++;
    throw new Exception('stop');
});
try {
    $db->querySingle(stream_get_contents(STDIN));
} catch (Exception $error) {
    echo $begun === 1 ? "interrupted\n" : "begun $begun times\n";
}
echo $db->querySingle('SELECT count(*) > 0 FROM reg_attempts'), "\n";
$db->close();

for ($i = 0; $i < 1000; $i++) {
    $db = connect($library, $ledger);
    $row = $db->querySingle("SELECT reg_mask('ada@example.com') AS masked, (SELECT count(*) > 0 FROM reg_attempts) AS some", true);
    $db->close();
    if ($row !== ['masked' => 'a***@example.com', 'some' => 1])
        exit(1);
}
echo "reloaded\n";

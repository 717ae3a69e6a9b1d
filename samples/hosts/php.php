<?php
// SPDX-License-Identifier: MIT
// Signs somebody up, confirms the code, and asks what came of it: php -d sqlite3.extension_dir=FOLDER php.php LIBRARY LEDGER
$db = new SQLite3($argv[2]);
$db->enableExceptions(true);
$db->busyTimeout(15000);
$db->loadExtension($argv[1]); // a name in the folder sqlite3.extension_dir of php.ini
$email = SQLite3::escapeString('php@example.com');
$db->exec("INSERT INTO reg_attempts (email, password) VALUES ('$email', 'A9#bL8@z')");
// querySingle() runs a statement once; execute() followed by fetchArray() would run it twice.
$code = $db->querySingle("SELECT reg_issue_code('$email', 'none')"); // for you to deliver
$verdict = $db->querySingle("SELECT reg_verify_code('$email', '" . SQLite3::escapeString($code) . "')");
$outcome = $db->querySingle("SELECT outcome FROM reg_attempts WHERE email = '$email'");
echo "$verdict $outcome\n";

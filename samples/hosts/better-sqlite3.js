// SPDX-License-Identifier: MIT
// Signs somebody up, confirms the code, and asks what came of it: node better-sqlite3.js LIBRARY LEDGER
const Database = require('better-sqlite3');
const [library, ledger] = process.argv.slice(2);
const db = new Database(ledger, { timeout: 15000 });
db.loadExtension(library);
const email = 'better-sqlite3@example.com';
db.prepare('INSERT INTO reg_attempts (email, password) VALUES (?, ?)').run(email, 'A9#bL8@z');
const code = db.prepare("SELECT reg_issue_code(?, 'none')").pluck().get(email); // for you to deliver
const verdict = db.prepare('SELECT reg_verify_code(?, ?)').pluck().get(email, code);
const outcome = db.prepare('SELECT outcome FROM reg_attempts WHERE email = ?').pluck().get(email);
console.log(verdict, outcome);

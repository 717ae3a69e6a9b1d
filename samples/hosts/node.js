// SPDX-License-Identifier: MIT
// Signs somebody up, confirms the code, and asks what came of it: node node.js LIBRARY LEDGER (Node 24 or newer)
const { DatabaseSync } = require('node:sqlite');
const [library, ledger] = process.argv.slice(2);
const db = new DatabaseSync(ledger, { allowExtension: true, timeout: 15000 });
db.loadExtension(library);
const email = 'node@example.com';
db.prepare('INSERT INTO reg_attempts (email, password) VALUES (?, ?)').run(email, 'A9#bL8@z');
const { code } = db.prepare("SELECT reg_issue_code(?, 'none') AS code").get(email); // for you to deliver
const { verdict } = db.prepare('SELECT reg_verify_code(?, ?) AS verdict').get(email, code);
const { outcome } = db.prepare('SELECT outcome FROM reg_attempts WHERE email = ?').get(email);
console.log(verdict, outcome);

// SPDX-License-Identifier: MIT
const { DatabaseSync } = require('node:sqlite');
const assert = require('assert');
const [library, ledger] = process.argv.slice(2);

function connect() {
    const db = new DatabaseSync(ledger, { allowExtension: true, timeout: 15000 });
    db.loadExtension(library);
    return db;
}

// There is no call to interrupt a statement: a function of the host that fails ends it.
let db = connect();
db.function('begun', () => {
    throw new Error('interrupted');
});
try {
    db.prepare(require('fs').readFileSync(0, 'utf8')).get();
} catch (error) {
    console.log(error.message);
}
console.log(db.prepare('SELECT count(*) > 0 AS some FROM reg_attempts').get().some);
db.close();

for (let i = 0; i < 1000; i++) {
    db = connect();
    const row = db.prepare("SELECT reg_mask('ada@example.com') AS masked, (SELECT count(*) > 0 FROM reg_attempts) AS some").get();
    db.close();
    assert.equal(JSON.stringify(row), '{"masked":"a***@example.com","some":1}');
}
console.log('reloaded');

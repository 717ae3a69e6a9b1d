// SPDX-License-Identifier: MIT
'use strict';
const path = require('node:path');

// What the extension is built against, as Debian 12 calls it.
const packages = 'libphonenumber8 libicu72 libsodium23 libjansson4 libssl3 libcsv3 libzxcvbn0 libmaxminddb0 libmd0 libcrypt1';

/** The path of the extension, for whatever loads SQLite extensions. */
function getLoadablePath() {
    if (process.platform !== 'linux' || process.arch !== 'x64')
        throw new Error(`sqlite-reg has no build for ${process.platform} ${process.arch}: it has one for Linux with glibc on x64`);
    return path.join(__dirname, 'reg.so');
}

/** Loads the extension into an open database of better-sqlite3 or node:sqlite. */
function load(database) {
    try {
        // Without the ending: SQLite adds it, and tells of its last attempt, which is then the real one.
        database.loadExtension(getLoadablePath().replace(/\.so$/, ''));
    } catch (error) {
        const missing = /(\S+\.so\.\S+): cannot open shared object file/.exec(error.message);
        if (missing === null) throw error;
        throw new Error(`sqlite-reg needs the shared library ${missing[1]}, which this machine lacks: on Debian 12, apt-get install ${packages}`, {
            cause: error,
        });
    }
}

module.exports = { getLoadablePath, load };

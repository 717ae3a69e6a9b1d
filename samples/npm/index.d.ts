// SPDX-License-Identifier: MIT
/** The path of the extension, for whatever loads SQLite extensions. */
export function getLoadablePath(): string;
/** Loads the extension into an open database of better-sqlite3 or node:sqlite. */
export function load(database: { loadExtension(path: string): void }): void;

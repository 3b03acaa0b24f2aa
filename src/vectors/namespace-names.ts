import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { SqlStorage } from './sql.ts';

/**
 * Name of the object that knows the namespaces which were written to: reading any other one would create an object for
 * it. No namespace can have this name.
 */
export const namesObject = ':names';

/** The names of all namespaces that were ever written to, in SQLite. */
export class NamespaceNames {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  has(name: string): boolean {
    const [table] = this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'names'");
    if (!table) return false;
    const [row] = this.#storage.sql.exec('SELECT 1 FROM names WHERE name = ?', name);
    return row !== undefined;
  }

  /** Names after one, by name. */
  list(limit: number, after: string): string[] {
    const [table] = this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'names'");
    if (!table) return [];
    const query = 'SELECT name FROM names WHERE name > ? ORDER BY name LIMIT ?';
    return Array.from(this.#storage.sql.exec<{ name: string }>(query, after, limit), ({ name }) => name);
  }

  /** @throws UnlabelError `quota_exceeded`. */
  add(name: string): void {
    if (this.has(name)) return;
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec('CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY) STRICT');
      this.#storage.sql.exec('INSERT INTO names VALUES (?)', name);
      const [row] = this.#storage.sql.exec<{ count: number }>('SELECT COUNT(*) AS count FROM names');
      if ((row?.count ?? 0) > limits.namespaces)
        throw new UnlabelError('quota_exceeded', `There are at most ${limits.namespaces} namespaces`, {
          field: 'namespace',
        });
    });
  }
}

import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { Sql, type SqlStorage } from '../sql.ts';

/**
 * Name of the object that knows the namespaces which were written to: reading any other one would create an object for
 * it. No namespace can have this name.
 */
export const namesObject = ':names';

/** The names of all namespaces that were ever written to, in SQLite. */
export class NamespaceNames {
  readonly #storage: SqlStorage;
  readonly #sql: Sql;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
    this.#sql = new Sql(storage);
  }

  has(name: string): boolean {
    if (!this.#sql.hasTable('names')) return false;
    return this.#sql.first('SELECT 1 FROM names WHERE name = ?', name) !== undefined;
  }

  /** Names after one, by name. */
  list(limit: number, after: string): string[] {
    if (!this.#sql.hasTable('names')) return [];
    const query = 'SELECT name FROM names WHERE name > ? ORDER BY name LIMIT ?';
    return this.#sql.all<{ name: string }>(query, after, limit).map(({ name }) => name);
  }

  /** @throws UnlabelError `quota_exceeded`. */
  add(name: string): void {
    if (this.has(name)) return;
    this.#storage.transactionSync(() => {
      this.#sql.all('CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY) STRICT');
      this.#sql.all('INSERT INTO names VALUES (?)', name);
      const row = this.#sql.first<{ count: number }>('SELECT COUNT(*) AS count FROM names');
      if ((row?.count ?? 0) > limits.namespaces)
        throw new UnlabelError('quota_exceeded', `There are at most ${limits.namespaces} namespaces`, {
          field: 'namespace',
        });
    });
  }
}

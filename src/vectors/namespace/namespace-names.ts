import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { checkAmongAliases } from '../../contract/rules/aliases.ts';
import type { AliasItem } from '../../contract/wire.ts';
import { createSerial } from '../../util/concurrency/serial.ts';
import { Sql, type SqlStorage } from '../sql.ts';

/**
 * Name of the object that knows the namespaces which were written to: reading any other one would create an object for
 * it. No namespace can have this name.
 */
export const namesObject = ':names';

/** The names of all namespaces that were ever written to, and all aliases, in SQLite. */
export class NamespaceNames {
  readonly #storage: SqlStorage;
  readonly #sql: Sql;
  /** Aliases change one after the other: each change also writes to the object of its name. */
  readonly #inTurn = createSerial();

  constructor(storage: SqlStorage) {
    this.#storage = storage;
    this.#sql = new Sql(storage);
  }

  has(name: string): boolean {
    if (!this.#sql.hasTable('names')) return false;
    return this.#sql.first('SELECT 1 FROM names WHERE name = ?', name) !== undefined;
  }

  /** Names after one that are no aliases, by name. */
  list(limit: number, after: string): string[] {
    if (!this.#sql.hasTable('names')) return [];
    const aliases = this.#sql.hasTable('aliases') ? 'AND name NOT IN (SELECT name FROM aliases)' : '';
    const query = `SELECT name FROM names WHERE name > ? ${aliases} ORDER BY name LIMIT ?`;
    return this.#sql.all<{ name: string }>(query, after, limit).map(({ name }) => name);
  }

  /** All aliases, by name. */
  aliases(): AliasItem[] {
    if (!this.#sql.hasTable('aliases')) return [];
    return this.#sql.all<{ name: string; namespace: string }>(
      'SELECT name, namespace FROM aliases ORDER BY name',
    );
  }

  /**
   * Sets an alias, or sets it anew.
   * @param point - writes it to the object of its name, which readers ask; throws where that has vectors.
   * @throws UnlabelError `invalid_parameter`, `quota_exceeded`; what `point` throws.
   */
  putAlias({ name, namespace }: AliasItem, point: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.aliases();
      checkAmongAliases({ name, namespace }, before);
      this.add(name);
      // At first, so that an alias which readers follow is always among those that are known.
      this.#setAlias(name, namespace);
      try {
        await point();
      } catch (error) {
        // Refused, and not an answer that was lost.
        if (error instanceof UnlabelError)
          this.#setAlias(name, before.find((alias) => alias.name === name)?.namespace);
        throw error;
      }
    });
  }

  #setAlias(name: string, namespace: string | undefined): void {
    this.#storage.transactionSync(() => {
      this.#sql.all(
        'CREATE TABLE IF NOT EXISTS aliases (name TEXT PRIMARY KEY, namespace TEXT NOT NULL) STRICT',
      );
      this.#sql.all('DELETE FROM aliases WHERE name = ?', name);
      if (namespace !== undefined) this.#sql.all('INSERT INTO aliases VALUES (?, ?)', name, namespace);
    });
  }

  /** @param point - removes it from the object of its name. */
  deleteAlias(name: string, point: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.has(name)) return;
      await point();
      if (this.#sql.hasTable('aliases')) this.#sql.all('DELETE FROM aliases WHERE name = ?', name);
    });
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

import { Sql, type SqlStorage } from '../sql.ts';

/** What a name stands for where it is an alias, in the SQLite of its own object: so every call learns of it there. */
export class AliasTarget {
  readonly #storage: SqlStorage;
  readonly #sql: Sql;
  /** Undefined until it is read; null for none. */
  #namespace: string | null | undefined;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
    this.#sql = new Sql(storage);
  }

  get(): string | undefined {
    if (this.#namespace === undefined) this.#namespace = this.#read();
    return this.#namespace ?? undefined;
  }

  /** @param namespace - undefined for none. */
  set(namespace: string | undefined): void {
    if (namespace === this.get()) return;
    this.#storage.transactionSync(() => {
      this.#sql.all('CREATE TABLE IF NOT EXISTS alias (namespace TEXT NOT NULL) STRICT');
      this.#sql.all('DELETE FROM alias');
      if (namespace !== undefined) this.#sql.all('INSERT INTO alias VALUES (?)', namespace);
    });
    this.#namespace = namespace ?? null;
  }

  #read(): string | null {
    if (!this.#sql.hasTable('alias')) return null;
    return this.#sql.first<{ namespace: string }>('SELECT namespace FROM alias')?.namespace ?? null;
  }
}

/** A row of SQLite, by column. */
export type SqlRow = Record<string, ArrayBuffer | string | number | null>;

/** The part of a Durable Object's storage that is used here. All of it is synchronous. */
export interface SqlStorage {
  sql: { exec<Row extends SqlRow>(query: string, ...bindings: unknown[]): Iterable<Row> };
  /** Runs a piece of work as one transaction, which is undone if it throws. */
  transactionSync<Result>(work: () => Result): Result;
}

/** Queries of a storage. */
export class Sql {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Rows as they are asked for. */
  rows<Row extends SqlRow>(query: string, ...bindings: unknown[]): Iterable<Row> {
    return this.#storage.sql.exec<Row>(query, ...bindings);
  }

  all<Row extends SqlRow>(query: string, ...bindings: unknown[]): Row[] {
    return Array.from(this.rows<Row>(query, ...bindings));
  }

  first<Row extends SqlRow>(query: string, ...bindings: unknown[]): Row | undefined {
    return this.all<Row>(query, ...bindings)[0];
  }

  hasTable(name: string): boolean {
    return this.first('SELECT 1 FROM sqlite_master WHERE name = ?', name) !== undefined;
  }
}

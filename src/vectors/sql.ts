/** A row of SQLite, by column. */
export type SqlRow = Record<string, ArrayBuffer | string | number | null>;

/** The part of a Durable Object's storage that is used here. All of it is synchronous. */
export interface SqlStorage {
  sql: { exec<Row extends SqlRow>(query: string, ...bindings: unknown[]): Iterable<Row> };
  /** Runs a piece of work as one transaction, which is undone if it throws. */
  transactionSync<Result>(work: () => Result): Result;
}

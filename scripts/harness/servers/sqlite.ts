import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { SqlRow, SqlStorage } from '../../../src/vectors/sql.ts';

/** In-memory SQLite with the interface of a Durable Object's storage. */
export function memoryStorage(): SqlStorage & { deleteAll(): Promise<void> } {
  let database = new DatabaseSync(':memory:');
  return {
    sql: {
      exec<Row extends SqlRow>(query: string, ...bindings: unknown[]): Iterable<Row> {
        const values = bindings.map((value) =>
          value instanceof ArrayBuffer ? new Uint8Array(value) : value,
        );
        return database
          .prepare(query)
          .all(...(values as SQLInputValue[]))
          .map((row) => {
            const columns = Object.entries(row).map(([name, value]) => [
              name,
              value instanceof Uint8Array ? value.slice().buffer : value,
            ]);
            return Object.fromEntries(columns) as Row;
          });
      },
    },
    transactionSync(work) {
      database.exec('SAVEPOINT work');
      try {
        const result = work();
        database.exec('RELEASE work');
        return result;
      } catch (error) {
        database.exec('ROLLBACK TO work');
        database.exec('RELEASE work');
        throw error;
      }
    },
    async deleteAll() {
      database = new DatabaseSync(':memory:');
    },
  };
}

import type { ModelRef } from '../../contract/model.ts';
import { encodeHeader } from '../index-file.ts';
import type { Sql, SqlRow } from '../sql.ts';
import { countOf } from './namespace-index.ts';

/** Rows that are read at a time. */
const pageRows = 1_000;

/**
 * A namespace as an index file, piece by piece.
 * @param isSame - whether nothing has been written since it began.
 * @throws Error where it has been written to.
 */
export function* exportRows(
  sql: Sql,
  { name, version, dimensions }: ModelRef & { dimensions: number },
  isSame: () => boolean,
): Generator<Uint8Array> {
  const count = countOf(sql);
  function* pages<Row extends SqlRow>(columns: string): Generator<Row[]> {
    for (let from = 0; from < count; from += pageRows) {
      if (!isSame()) throw new Error('The namespace has been written to');
      const query = `SELECT ${columns} FROM vectors WHERE place >= ? ORDER BY place LIMIT ?`;
      yield sql.all<Row>(query, from, pageRows);
    }
  }

  yield encodeHeader({ model: { name, version }, dimensions, count, rows: 'float32' });
  for (const rows of pages<{ vector: ArrayBuffer }>('vector')) {
    const bytes = new Uint8Array(rows.length * dimensions * 4);
    for (const [i, { vector }] of rows.entries()) bytes.set(new Uint8Array(vector), i * dimensions * 4);
    yield bytes;
  }
  let separator = '[';
  for (const rows of pages<{ id: string; metadata: string }>('id, metadata')) {
    const entries = rows.map(({ id, metadata }) => `[${JSON.stringify(id)},${metadata}]`);
    yield new TextEncoder().encode(separator + entries.join(','));
    separator = ',';
  }
  yield new TextEncoder().encode(']');
}

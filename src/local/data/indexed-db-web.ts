import { singleFlight } from '../../util/single-flight.ts';
import { timeout } from '../../util/timeout.ts';
import { pageLimits } from '../limits.ts';
import { type Collection, type DataStore, type Kind, planOf, type Row, storeFailure } from './store.ts';

const databaseName = 'unlabel';
const databaseVersion = 1;

const late = () => new Error('IndexedDB does not answer');

/** A row of the database. */
interface StoredRow extends Row {
  kind: Kind;
  name: string;
}

/**
 * Keeps collections in IndexedDB: those of all tabs of the page's origin.
 * @throws what the browser says where it keeps nothing, as in some private windows.
 */
export async function openDatabase(): Promise<DataStore> {
  const connect = singleFlight(async () => {
    const database = await timeout(openIndexedDb(), pageLimits.storeOpenMs, late);
    // A tab with a later version of this package must not wait for this one.
    database.onversionchange = database.onclose = () => {
      database.close();
      connect.reset();
    };
    return database;
  });
  await connect();

  /** Runs work in a transaction, and waits until it is stored. */
  async function transact<Result>(
    mode: IDBTransactionMode,
    work: (abouts: IDBObjectStore, rows: IDBObjectStore) => Promise<Result>,
  ): Promise<Result> {
    let transaction: IDBTransaction | undefined;
    const run = async () => {
      const opened = (await connect()).transaction(['abouts', 'rows'], mode);
      transaction = opened;
      const stored = new Promise<void>((resolve, reject) => {
        opened.oncomplete = () => resolve();
        opened.onabort = () => reject(opened.error ?? new Error('The transaction was aborted'));
      });
      stored.catch(() => {});
      const result = await work(opened.objectStore('abouts'), opened.objectStore('rows'));
      await stored;
      return result;
    };
    try {
      return await timeout(run(), pageLimits.storeMs, late);
    } catch (cause) {
      try {
        transaction?.abort();
      } catch {}
      throw storeFailure(transaction?.error ?? cause);
    }
  }

  const aboutOf = (abouts: IDBObjectStore, kind: Kind, name: string) =>
    answer<Collection | undefined>(abouts.get([kind, name]));
  const rowsOf = (rows: IDBObjectStore, kind: Kind, name: string) =>
    answer<StoredRow[]>(rows.getAll(rangeOf(kind, name)));
  const listOf = (abouts: IDBObjectStore, kind: Kind) => answer<Collection[]>(abouts.getAll(rangeOf(kind)));

  return {
    isPersistent: true,
    list: (kind) => transact('readonly', (abouts) => listOf(abouts, kind)),
    about: (kind, name) => transact('readonly', (abouts) => aboutOf(abouts, kind, name)),
    read: (kind, name) =>
      transact('readonly', async (abouts, rows) => {
        const [about, all] = await Promise.all([aboutOf(abouts, kind, name), rowsOf(rows, kind, name)]);
        return about && { about, rows: all.map(({ kind, name, ...row }) => row) };
      }),
    write: (kind, name, change) =>
      transact('readwrite', async (abouts, rows) => {
        const before = await aboutOf(abouts, kind, name);
        const ids = [...new Set([...(change.remove ?? []), ...(change.put ?? []).map(({ id }) => id)])];
        const found = await Promise.all(
          ids.map((id) => answer<StoredRow | undefined>(rows.index('ids').get([kind, name, id]))),
        );
        const known = new Map(found.flatMap((row) => (row ? [[row.id, row] as const] : [])));
        const { after, put, remove } = planOf(kind, name, change, before, known);
        if (change.check) {
          const others = (await listOf(abouts, kind)).filter((other) => other.name !== name);
          change.check(before, after, others);
        }
        // A new row may have the order of one that goes.
        if (change.replace) rows.delete(rangeOf(kind, name));
        for (const { order } of remove) rows.delete([kind, name, order]);
        // A view of a larger buffer would be stored with all of it.
        for (const { id, order, vector, metadata } of put)
          rows.put({ kind, name, id, order, metadata, vector: vector.slice() } satisfies StoredRow);
        if (after) abouts.put(after);
        else abouts.delete([kind, name]);
        return { ...(before && { before }), ...(after && { after }) };
      }),
  };
}

function openIndexedDb(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName, databaseVersion);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore('abouts', { keyPath: ['kind', 'name'] });
      const rows = database.createObjectStore('rows', { keyPath: ['kind', 'name', 'order'] });
      rows.createIndex('ids', ['kind', 'name', 'id'], { unique: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All keys that begin with these members: a list is above every text and number. */
function rangeOf(...members: string[]): IDBKeyRange {
  return IDBKeyRange.bound(members, [...members, []]);
}

import { type ObjectBinding, type RpcResult, unwrap } from '../rpc.ts';
import type { SqlStorage } from '../sql.ts';
import type { VectorModel } from '../vector-model.ts';
import { type ClassSet, type ClassSetSummary, checkSetRoom, classesNotFound } from './class-set.ts';
import type { ClassPrototype } from './prototypes.ts';

/** Sets of classes, by name. */
export interface ClassStore {
  /**
   * Adds a set, or replaces the one of its name. Resolves when it is stored.
   * @throws UnlabelError `quota_exceeded`.
   */
  put(set: ClassSet): Promise<void>;
  /**
   * Checks {@link put} before the set is made.
   * @throws UnlabelError `quota_exceeded`.
   */
  check(name: string): Promise<void>;
  /** @throws UnlabelError `classes_not_found`. */
  get(name: string): Promise<ClassSet>;
  /** Resolves when there is no set of that name any more. */
  delete(name: string): Promise<void>;
  /** All of them, by name. */
  list(): Promise<ClassSetSummary[]>;
}

/** The sets of a deployment in SQLite: one row a set, so that a set is replaced whole or not at all. */
export class ClassSetTable {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
    this.#storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS sets (name TEXT PRIMARY KEY, model TEXT, classes TEXT, prototypes BLOB) STRICT',
    );
  }

  /** See {@link ClassStore.put}. */
  put({ name, model, classes }: ClassSet): void {
    const prototypes = new Float32Array(classes.length * model.dimensions);
    for (const [i, { prototype }] of classes.entries()) prototypes.set(prototype, i * model.dimensions);
    this.#storage.transactionSync(() => {
      this.check(name, classes.length);
      this.#storage.sql.exec(
        'INSERT OR REPLACE INTO sets VALUES (?, ?, ?, ?)',
        name,
        JSON.stringify(model),
        JSON.stringify(classes.map(({ label, count, least }) => ({ label, count, least }))),
        prototypes.buffer,
      );
    });
  }

  /**
   * See {@link ClassStore.check}.
   * @param count - classes of the set.
   */
  check(name: string, count = 1): void {
    const query =
      'SELECT COUNT(*) AS sets, TOTAL(json_array_length(classes)) AS classes FROM sets WHERE name <> ?';
    const [others] = this.#storage.sql.exec<{ sets: number; classes: number }>(query, name);
    if (others) checkSetRoom(others, count);
  }

  /** See {@link ClassStore.get}. */
  get(name: string): ClassSet {
    const query = 'SELECT model, classes, prototypes FROM sets WHERE name = ?';
    const [row] = this.#storage.sql.exec<{ model: string; classes: string; prototypes: ArrayBuffer }>(
      query,
      name,
    );
    if (!row) throw classesNotFound();
    const model: VectorModel = JSON.parse(row.model);
    const classes: Omit<ClassPrototype, 'prototype'>[] = JSON.parse(row.classes);
    const numbers = new Float32Array(row.prototypes);
    const prototypeOf = (i: number) => numbers.slice(i * model.dimensions, (i + 1) * model.dimensions);
    return { name, model, classes: classes.map((entry, i) => ({ ...entry, prototype: prototypeOf(i) })) };
  }

  /** See {@link ClassStore.delete}. */
  delete(name: string): void {
    this.#storage.sql.exec('DELETE FROM sets WHERE name = ?', name);
  }

  /** See {@link ClassStore.list}. */
  list(): ClassSetSummary[] {
    const query = 'SELECT name, model, classes FROM sets ORDER BY name';
    const rows = this.#storage.sql.exec<{ name: string; model: string; classes: string }>(query);
    return Array.from(rows, ({ name, model, classes }) => ({
      name,
      model: JSON.parse(model),
      classes: JSON.parse(classes),
    }));
  }
}

/** The Durable Object of the sets, as it is called; see `durable-workerd.ts`. */
export type ClassSetsStub = {
  [Method in keyof ClassStore]: (
    ...args: Parameters<ClassStore[Method]>
  ) => Promise<RpcResult<Awaited<ReturnType<ClassStore[Method]>>>>;
};

/** The sets of a deployment, in one Durable Object. */
export function durableClasses(binding: ObjectBinding<ClassSetsStub>): ClassStore {
  const table = binding.getByName('classes');
  return {
    put: (set) => unwrap(table.put(set)),
    get: (name) => unwrap(table.get(name)),
    delete: (name) => unwrap(table.delete(name)),
    list: () => unwrap(table.list()),
    check: (name) => unwrap(table.check(name)),
  };
}

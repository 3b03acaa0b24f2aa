import { createSerial } from '../../util/concurrency/serial.ts';
import { type ClassSet, createClassSet } from '../../vectors/classes/class-set.ts';
import { MemoryIndex } from '../../vectors/memory-index.ts';
import type { Change, Collection, DataStore, Kind, Row } from './store.ts';

/** What the page keeps, as lookups use it. */
export interface OwnData {
  store: DataStore;
  /** The namespace that a name stands for: its own, unless it is an alias. */
  resolve(namespace: string): Promise<string>;
  /** A namespace of the page's own; undefined where it has no vectors. */
  index(namespace: string): Promise<MemoryIndex | undefined>;
  /** A set of classes; undefined where there is none. */
  set(name: string): Promise<ClassSet | undefined>;
  /** Writes vectors of a namespace, and the copy in memory with them. */
  writeVectors(namespace: string, change: Change): Promise<void>;
  /** Writes what a function makes of a namespace as it is then: it is asked again where another write comes first. */
  editVectors(namespace: string, changeOf: ChangeOf): Promise<void>;
}

/** @param index - undefined where the namespace has no vectors. */
type ChangeOf = (index: MemoryIndex | undefined) => Pick<Change, 'put' | 'remove'>;

/** What was read, and the revision that it is of; a write changes both at once. */
interface Kept<Value> {
  revision: string;
  value: Value;
}

/** Keeps in memory what lookups have read, until a write of this page or of another tab changes it. */
export function createOwnData(store: DataStore): OwnData {
  const indexes = new Map<string, Kept<MemoryIndex>>();
  const sets = new Map<string, Kept<ClassSet>>();
  // Of edits at once, all but one would have to be made again.
  const inTurn = createSerial();

  async function current<Value>(
    kept: Map<string, Kept<Value>>,
    kind: Kind,
    name: string,
    create: (about: Collection, rows: Row[]) => Value,
  ): Promise<Kept<Value> | undefined> {
    const about = await store.about(kind, name);
    if (about?.alias !== undefined) return current(kept, kind, about.alias, create);
    const known = kept.get(name);
    if (about && known?.revision === about.revision) return known;
    const found = about && (await store.read(kind, name));
    if (!found) {
      kept.delete(name);
      return undefined;
    }
    const now = { revision: found.about.revision, value: create(found.about, found.rows) };
    kept.set(name, now);
    return now;
  }

  const currentIndex = (namespace: string) =>
    current(indexes, 'vectors', namespace, ({ model }, rows) => new MemoryIndex(model, rows));

  async function writeVectors(namespace: string, change: Change): Promise<void> {
    const { before, after } = await store.write('vectors', namespace, change);
    const known = indexes.get(namespace);
    if (!known || !after || change.replace || known.revision !== before?.revision) {
      indexes.delete(namespace);
      return;
    }
    for (const id of change.remove ?? []) known.value.remove(id);
    for (const item of change.put ?? []) known.value.set(item);
    known.revision = after.revision;
  }

  async function edit(namespace: string, changeOf: ChangeOf): Promise<void> {
    const now = await currentIndex(namespace);
    const revision = now?.revision;
    let isLate = false;
    const check = (before: Collection | undefined) => {
      isLate = before?.revision !== revision;
      if (isLate) throw new Error('Another write came first');
    };
    try {
      await writeVectors(namespace, { ...changeOf(now?.value), check });
    } catch (error) {
      if (!isLate) throw error;
      await edit(namespace, changeOf);
    }
  }

  const resolve = async (namespace: string) => (await store.about('vectors', namespace))?.alias ?? namespace;

  return {
    store,
    resolve,
    index: async (namespace) => (await currentIndex(namespace))?.value,
    set: async (name) =>
      (
        await current(sets, 'classes', name, ({ model }, rows) =>
          createClassSet(name, model, byLabel(rows), (label) => `classes.${label}`),
        )
      )?.value,
    writeVectors: async (name, change) => writeVectors(await resolve(name), change),
    editVectors: (name, changeOf) => inTurn(async () => edit(await resolve(name), changeOf)),
  };
}

/**
 * Vectors of examples by label, in the order that a set has which is made of an object of them: keys that look like
 * numbers come first there. So a set has the same indices in the page and once it is pushed.
 */
export function byLabel(rows: readonly Row[]): [label: string, vectors: Float32Array[]][] {
  const groups: Record<string, Float32Array[]> = Object.create(null);
  for (const { metadata, vector } of rows) {
    const label = `${metadata.label}`;
    groups[label] ??= [];
    groups[label].push(vector);
  }
  return Object.entries(groups);
}

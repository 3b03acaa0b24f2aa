import { type ClassSet, createClassSet } from '../../vectors/classes/class-set.ts';
import { MemoryIndex } from '../../vectors/memory-index.ts';
import type { Change, Collection, DataStore, Kind, Row } from './store.ts';

/** What the page keeps, as lookups use it. */
export interface OwnData {
  store: DataStore;
  /** A namespace of the page's own; undefined where it has no vectors. */
  index(namespace: string): Promise<MemoryIndex | undefined>;
  /** A set of classes; undefined where there is none. */
  set(name: string): Promise<ClassSet | undefined>;
  /** Writes vectors of a namespace, and the copy in memory with them. */
  writeVectors(namespace: string, change: Change): Promise<void>;
}

/** Keeps in memory what lookups have read, until a write of this page or of another tab changes it. */
export function createOwnData(store: DataStore): OwnData {
  const indexes = new Map<string, { revision: string; value: MemoryIndex }>();
  const sets = new Map<string, { revision: string; value: ClassSet }>();

  async function current<Value>(
    kept: Map<string, { revision: string; value: Value }>,
    kind: Kind,
    name: string,
    create: (about: Collection, rows: Row[]) => Value,
  ): Promise<Value | undefined> {
    const about = await store.about(kind, name);
    const known = kept.get(name);
    if (about && known?.revision === about.revision) return known.value;
    const found = about && (await store.read(kind, name));
    if (!found) {
      kept.delete(name);
      return undefined;
    }
    const value = create(found.about, found.rows);
    kept.set(name, { revision: found.about.revision, value });
    return value;
  }

  return {
    store,
    index: (namespace) =>
      current(indexes, 'vectors', namespace, ({ model }, rows) => new MemoryIndex(model, rows)),
    set: (name) =>
      current(sets, 'classes', name, ({ model }, rows) =>
        createClassSet(name, model, byLabel(rows), (label) => `classes.${label}`),
      ),
    async writeVectors(namespace, change) {
      const { before, after } = await store.write('vectors', namespace, change);
      const known = indexes.get(namespace);
      if (!known || !after || change.replace || known.revision !== before?.revision) {
        indexes.delete(namespace);
        return;
      }
      for (const id of change.remove ?? []) known.value.remove(id);
      for (const item of change.put ?? []) known.value.set(item);
      known.revision = after.revision;
    },
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

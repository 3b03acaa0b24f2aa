import { UnlabelError } from '../../contract/errors.ts';
import { aliasHasVectors } from '../../contract/rules/aliases.ts';
import type { Metadata } from '../../contract/vectors.ts';
import type { NewVector } from '../../vectors/store.ts';
import type { VectorModel } from '../../vectors/vector-model.ts';

/** What a page keeps: examples of classes (with their `label` in the metadata), and namespaces of vectors. */
export type Kind = 'classes' | 'vectors';

/** A set of classes, a namespace, or an alias of one; but for aliases there is none without rows. */
export interface Collection {
  kind: Kind;
  name: string;
  /** Of an alias, that of nothing. */
  model: VectorModel;
  /** The namespace that an alias stands for. */
  alias?: string;
  /** Number of rows. */
  count: number;
  /** Examples by label, in the order of the labels' first ones. */
  labels: { label: string; count: number }[];
  /** Changes with every write. */
  revision: string;
  /** Order of the next row. */
  next: number;
}

/** A row, and its place among those of its collection. */
export interface Row extends NewVector {
  order: number;
}

/** What is written to a collection, all or nothing. */
export interface Change {
  model?: VectorModel;
  /** Added, or put in place of those of the same ids. */
  put?: readonly NewVector[];
  /** Ids; those that there are not do not matter. */
  remove?: readonly string[];
  /** Whether all that was there before goes. */
  replace?: boolean;
  /** Makes the name an alias of this namespace, which is all that changes then; null: it is no alias any more. */
  alias?: string | null;
  /**
   * Runs in the transaction; what it throws undoes the write.
   * @param others - the other collections of the kind.
   */
  check?(before: Collection | undefined, after: Collection | undefined, others: readonly Collection[]): void;
}

/** Where a page keeps its collections. Every write is one transaction, also between tabs. */
export interface DataStore {
  /** Whether a later visit finds what was written. */
  readonly isPersistent: boolean;
  /** @returns the collections of a kind, by name. */
  list(kind: Kind): Promise<Collection[]>;
  about(kind: Kind, name: string): Promise<Collection | undefined>;
  /** @returns a collection with its rows, by order. */
  read(kind: Kind, name: string): Promise<{ about: Collection; rows: Row[] } | undefined>;
  /**
   * @returns the collection before and after; undefined where it had, or has, no rows.
   * @throws UnlabelError `quota_exceeded` where the browser has no room; what `check` throws.
   */
  write(kind: Kind, name: string, change: Change): Promise<{ before?: Collection; after?: Collection }>;
}

/** What a write does to a store; one that replaces empties it first. */
export interface Plan {
  before: Collection | undefined;
  after: Collection | undefined;
  put: Row[];
  remove: Row[];
}

/**
 * Works a change out.
 *
 * @param known - the rows that have the ids of the change, by id.
 */
export function planOf(
  kind: Kind,
  name: string,
  change: Change,
  before: Collection | undefined,
  known: ReadonlyMap<string, Row>,
): Plan {
  if (change.alias !== undefined) return planOfAlias(kind, name, change.alias, before);
  if (before?.alias !== undefined)
    throw new UnlabelError('store_unavailable', 'The alias is being changed: try again');
  const start = change.replace ? undefined : before;
  const left = new Map(change.replace ? [] : known);
  const counts = new Map(start?.labels.map(({ label, count }) => [label, count]));
  const countLabel = ({ label }: Metadata, by: number) => {
    if (typeof label === 'string') counts.set(label, (counts.get(label) ?? 0) + by);
  };
  const remove: Row[] = [];
  const take = (id: string) => {
    const row = left.get(id);
    left.delete(id);
    if (!row) return undefined;
    countLabel(row.metadata, -1);
    remove.push(row);
    return row;
  };
  for (const id of change.remove ?? []) take(id);

  let next = start?.next ?? 0;
  const put = new Map<string, Row>();
  for (const item of change.put ?? []) {
    const earlier = put.get(item.id) ?? take(item.id);
    if (put.has(item.id) && earlier) countLabel(earlier.metadata, -1);
    countLabel(item.metadata, 1);
    put.set(item.id, { ...item, order: earlier?.order ?? next++ });
  }
  const count = (start?.count ?? 0) - remove.length + put.size;
  const labels = Array.from(counts, ([label, count]) => ({ label, count })).filter(({ count }) => count > 0);
  const model = start?.model ?? change.model;
  const after =
    count > 0 && model
      ? { kind, name, model, count, labels, next, revision: crypto.randomUUID() }
      : undefined;
  const kept = new Set([...put.values()].map(({ order }) => order));
  return {
    before,
    after,
    put: [...put.values()],
    // A row that is written again takes the place of the old one.
    remove: remove.filter(({ order }) => !kept.has(order)),
  };
}

function planOfAlias(kind: Kind, name: string, alias: string | null, before: Collection | undefined): Plan {
  const isNamespace = before && before.alias === undefined;
  if (isNamespace && alias !== null) throw aliasHasVectors();
  const model = { name: '', version: '', dimensions: 0 };
  const about = { kind, name, model, count: 0, labels: [], next: 0, revision: crypto.randomUUID() };
  const after = alias === null ? undefined : { ...about, alias };
  return { before, after: isNamespace ? before : after, put: [], remove: [] };
}

/** The error of a store that fails. */
export function storeFailure(cause: unknown): UnlabelError {
  if (cause instanceof UnlabelError) return cause;
  const { name, message } = Object(cause) as Partial<Error>;
  return name === 'QuotaExceededError'
    ? new UnlabelError(
        'quota_exceeded',
        'The browser has no room left for this page: delete classes or vectors, or free storage',
        { cause },
      )
    : new UnlabelError('store_unavailable', `The browser's storage fails (${message}): try again`, { cause });
}

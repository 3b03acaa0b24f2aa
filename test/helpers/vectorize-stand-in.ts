import { exactCosine } from '../../scripts/harness/inputs/random-vectors.ts';
import type { VectorizeFilter } from '../../src/vectors/vectorize/filter.ts';
import type { VectorizeBinding } from '../../src/vectors/vectorize/store.ts';

type Vector = Parameters<VectorizeBinding['upsert']>[0][number];

const bytes = (text: string) => new TextEncoder().encode(text).length;

/**
 * A Vectorize index in memory, as strict as its documentation: it refuses what the service refuses, filters only by
 * keys that have a metadata index, and makes a write visible at the next {@link settle}.
 */
export class VectorizeStandIn implements VectorizeBinding {
  readonly #dimensions: number;
  readonly #indexed: readonly string[];
  readonly #vectors = new Map<string, Vector>();
  #pending: (() => void)[] = [];

  /** @param indexed - keys with a metadata index, ten at most. */
  constructor(dimensions: number, indexed: readonly string[] = []) {
    if (dimensions > 1536 || indexed.length > 10) throw new Error('over the limits of an index');
    this.#dimensions = dimensions;
    this.#indexed = indexed;
  }

  /** Processes the writes so far. */
  settle(): void {
    for (const mutation of this.#pending) mutation();
    this.#pending = [];
  }

  async describe() {
    return { dimensions: this.#dimensions };
  }

  async query(vector: Float32Array | number[], options: Parameters<VectorizeBinding['query']>[1]) {
    const { topK, namespace, returnMetadata, filter } = options;
    this.#checkLength(vector);
    const mostMatches = returnMetadata === 'all' ? 20 : 100;
    if (!Number.isInteger(topK) || topK < 1 || topK > mostMatches) throw new Error(`topK ${topK}`);
    if (filter) this.#checkFilter(filter);
    const matches = [...this.#vectors.values()]
      .filter((stored) => stored.namespace === namespace && isMet(stored.metadata, filter ?? {}))
      .map(({ id, values, metadata }) => ({
        id,
        score: exactCosine(Float32Array.from(values), Float32Array.from(vector)),
        ...(returnMetadata === 'all' && { metadata: structuredClone(metadata) }),
      }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topK);
    return { matches, count: matches.length };
  }

  async upsert(vectors: Vector[]) {
    if (vectors.length > 1000) throw new Error('more than 1000 vectors in a batch');
    for (const { id, namespace, values, metadata } of vectors) {
      this.#checkId(id);
      this.#checkLength(values);
      if (bytes(namespace) > 64) throw new Error('a namespace over 64 bytes');
      if (bytes(JSON.stringify(metadata)) > 10 * 1024) throw new Error('metadata over 10 KiB');
      for (const key of Object.keys(metadata))
        if (key === '' || /^\$|[."]/.test(key)) throw new Error(`metadata key ${key}`);
    }
    const copies = vectors.map((vector) => ({
      ...structuredClone(vector),
      values: Float32Array.from(vector.values),
    }));
    return this.#mutate(() => {
      for (const vector of copies) this.#vectors.set(vector.id, vector);
    });
  }

  async deleteByIds(ids: string[]) {
    if (ids.length > 1000) throw new Error('more than 1000 ids');
    return this.#mutate(() => {
      for (const id of ids) this.#vectors.delete(id);
    });
  }

  async getByIds(ids: string[]) {
    if (ids.length > 20) throw new Error('more than 20 ids');
    for (const id of ids) this.#checkId(id);
    return ids.flatMap((id) => this.#vectors.get(id) ?? []);
  }

  #mutate(mutation: () => void) {
    this.#pending.push(mutation);
    return { mutationId: crypto.randomUUID() };
  }

  #checkId(id: string): void {
    if (id === '' || bytes(id) > 64) throw new Error(`id of ${bytes(id)} bytes`);
  }

  #checkLength(values: ArrayLike<number>): void {
    if (values.length !== this.#dimensions) throw new Error(`${values.length} dimensions`);
  }

  #checkFilter(filter: VectorizeFilter): void {
    if (Object.keys(filter).length === 0 || bytes(JSON.stringify(filter)) >= 2048)
      throw new Error('filter size');
    for (const [key, condition] of Object.entries(filter)) {
      if (!this.#indexed.includes(key)) throw new Error(`no metadata index for ${key}`);
      if (typeof condition !== 'object') continue;
      const operators = Object.keys(condition).sort().join(' ');
      if (!/^(\$n?in|\$gte?|\$lte?|\$gte? \$lte?)$/.test(operators))
        throw new Error(`operators ${operators}`);
    }
  }
}

/** A string is indexed by its first 64 bytes. */
function indexedPart(value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value).subarray(0, 64).toString() : value;
}

function isMet(metadata: Record<string, unknown>, filter: VectorizeFilter): boolean {
  return Object.entries(filter).every(([key, condition]) => {
    const value = indexedPart(metadata[key]) as string | number;
    if (typeof condition === 'object' && '$nin' in condition) return !condition.$nin.includes(value);
    if (value === undefined) return false;
    if (typeof condition !== 'object') return value === condition;
    if ('$in' in condition) return condition.$in.includes(value);
    const { $gt, $gte, $lt, $lte } = condition;
    const [bound] = Object.values(condition);
    return (
      typeof value === typeof bound &&
      ($gt === undefined || value > $gt) &&
      ($gte === undefined || value >= $gte) &&
      ($lt === undefined || value < $lt) &&
      ($lte === undefined || value <= $lte)
    );
  });
}

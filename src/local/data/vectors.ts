import { UnlabelError } from '../../contract/errors.ts';
import { checkDeletion, checkFilter } from '../../contract/filter.ts';
import { defaultNamespace, galleryNamespace, limits } from '../../contract/limits.ts';
import type { CallOptions, ImageOptions } from '../../contract/model.ts';
import type {
  InNamespace,
  InNamespaceWhere,
  MetadataPatch,
  StoredVector,
} from '../../contract/resources/vectors.ts';
import { checkAlias, checkAmongAliases } from '../../contract/rules/aliases.ts';
import {
  checkMetadata,
  checkName,
  checkText,
  galleryIsReadOnly,
  patchMetadata,
} from '../../contract/rules/names.ts';
import type { Filter, Metadata } from '../../contract/vectors.ts';
import type { AliasItem, NamespaceItem } from '../../contract/wire.ts';
import { LoadedIndex } from '../../vectors/loaded-index.ts';
import type { MemoryIndex } from '../../vectors/memory-index.ts';
import { checkRoom } from '../../vectors/search/room.ts';
import { type NewVector, vectorNotFound } from '../../vectors/store.ts';
import { checkModel, type VectorModel } from '../../vectors/vector-model.ts';
import type { OwnData } from './own.ts';
import { type EngineParts, type NamedSource, toVectors } from './sources.ts';
import type { Change, Collection } from './store.ts';

type Options = CallOptions & InNamespace;
type Where = CallOptions & InNamespaceWhere;

/** A vector to store, taken when the call began. */
export interface TakenItem extends NamedSource {
  id: string;
  metadata: Metadata;
}

/** Namespaces of the deployment; undefined where they are empty. */
export interface Deployed {
  /** As it is now. */
  fetch(namespace: string, signal?: AbortSignal): Promise<MemoryIndex | undefined>;
  /** As it was when it was first asked for. */
  recall(namespace: string, signal?: AbortSignal): Promise<MemoryIndex | undefined>;
}

/** Methods of the vectors that a page keeps; see `LocalVectors`. */
export function createVectorCalls(parts: EngineParts, own: OwnData, deployed: Deployed) {
  /** A namespace of the page's own, or the model's gallery. */
  async function find({ namespace = defaultNamespace, signal }: Options): Promise<MemoryIndex | undefined> {
    checkName(namespace, 'namespace');
    return namespace === galleryNamespace ? deployed.recall(namespace, signal) : own.index(namespace);
  }

  async function write(namespace: string, change: Change): Promise<void> {
    checkWritable(namespace);
    await own.writeVectors(namespace, {
      ...change,
      check(before, after) {
        if (before && change.model && !change.replace) checkModel(before.model, change.model);
        if (after) checkRoom(after.model.dimensions, before?.count ?? 0, after.count);
      },
    });
  }

  async function replace(namespace: string, model: VectorModel, put: readonly NewVector[]): Promise<number> {
    await write(namespace, { model, put, replace: true });
    return put.length;
  }

  return {
    async upsert(
      items: readonly TakenItem[],
      { namespace = defaultNamespace, ...options }: ImageOptions & InNamespace,
    ) {
      checkWritable(namespace);
      checkItems(items);
      if (items.length === 0) return;
      const { model, vectors } = await toVectors(parts, items, options);
      const put = items.map(({ id, metadata }, i) => ({ id, metadata, vector: vectors[i] as Float32Array }));
      await write(namespace, { model, put });
    },
    async get(id: string, options: Options): Promise<StoredVector> {
      checkText(id, 'id');
      const index = await find(options);
      if (!index) throw vectorNotFound();
      const { vector, metadata } = index.get(id);
      const { name, version, dimensions } = index.model;
      const { namespace = defaultNamespace } = options;
      const model = { name, version };
      return { id, namespace, model, metadata: { ...metadata }, embedding: vector.slice(), dimensions };
    },
    async update(id: string, patch: MetadataPatch['metadata'], { namespace = defaultNamespace }: Options) {
      checkText(id, 'id');
      checkWritable(namespace);
      let after: Metadata = {};
      await own.editVectors(namespace, (index) => {
        if (!index) throw vectorNotFound();
        const { vector, metadata } = index.get(id);
        after = patchMetadata(metadata, patch);
        return { put: [{ id, vector, metadata: after }] };
      });
      return { ...after };
    },
    async delete(id: string, { namespace = defaultNamespace }: Options) {
      checkText(id, 'id');
      await write(namespace, { remove: [id] });
    },
    async deleteWhere(filter: Filter, { namespace = defaultNamespace }: Options) {
      checkDeletion(filter);
      checkWritable(namespace);
      let ids: readonly string[] = [];
      await own.editVectors(namespace, (index) => {
        ids = index?.ids(filter) ?? [];
        return { remove: ids };
      });
      return ids.length;
    },
    clear: (namespace: string) => write(namespace, { replace: true }),
    async page({ filter, ...options }: Where, after?: string) {
      if (filter !== undefined) checkFilter(filter);
      return (await find(options))?.list(limits.pageSize, after, filter) ?? [];
    },
    async count({ filter, ...options }: Where) {
      if (filter !== undefined) checkFilter(filter);
      return (await find(options))?.ids(filter).length ?? 0;
    },
    async namespaces(): Promise<NamespaceItem[]> {
      const all = await own.store.list('vectors');
      return all
        .filter(({ alias }) => alias === undefined)
        .map(({ name, count, model }) => ({
          name,
          count,
          model: { name: model.name, version: model.version },
        }));
    },
    async alias(name: string, namespace: string) {
      checkAlias(name, namespace);
      await own.store.write('vectors', name, {
        alias: namespace,
        check: (_, __, others) => checkAmongAliases({ name, namespace }, aliasesAmong(others)),
      });
    },
    aliases: async () => aliasesAmong(await own.store.list('vectors')),
    async deleteAlias(name: string) {
      checkName(name, 'name');
      await own.store.write('vectors', name, { alias: null });
    },
    async export(options: InNamespace) {
      const index = await find(options);
      if (!index) throw new UnlabelError('not_found', 'The namespace is empty', { field: 'namespace' });
      return new Blob([index.export()]);
    },
    async import(file: Blob, { namespace = defaultNamespace }: InNamespace) {
      checkWritable(namespace);
      const { model, items } = new LoadedIndex(new Uint8Array(await file.arrayBuffer()));
      for (const { id, metadata } of items) {
        checkText(id, 'id');
        checkMetadata(metadata, 'metadata');
      }
      return replace(namespace, model, items);
    },
    async pull({ namespace = defaultNamespace, signal }: Options) {
      checkWritable(namespace);
      const index = await deployed.fetch(await own.resolve(namespace), signal);
      if (index) return replace(namespace, index.model, index.items);
      await write(namespace, { replace: true });
      return 0;
    },
  };
}

function aliasesAmong(all: readonly Collection[]): AliasItem[] {
  return all.flatMap(({ name, alias }) => (alias === undefined ? [] : [{ name, namespace: alias }]));
}

function checkWritable(namespace: string): void {
  checkName(namespace, 'namespace');
  if (namespace === galleryNamespace) throw galleryIsReadOnly();
}

function checkItems(items: readonly TakenItem[]): void {
  const ids = new Set<string>();
  for (const [i, { id, metadata }] of items.entries()) {
    checkText(id, `items[${i}].id`);
    checkMetadata(metadata, `items[${i}].metadata`);
    if (ids.has(id))
      throw new UnlabelError('invalid_parameter', `items[${i}].id: two vectors must not have the same id`, {
        field: `items[${i}].id`,
      });
    ids.add(id);
  }
}

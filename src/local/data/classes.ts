import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { CallOptions, ImageOptions } from '../../contract/model.ts';
import { checkName, checkText } from '../../contract/rules/names.ts';
import type { LabeledSource } from '../../contract/rules/pictures.ts';
import type { ClassSetItem } from '../../contract/wire.ts';
import { checkSetRoom, classesNotFound, createClassSet, toItem } from '../../vectors/classes/class-set.ts';
import { encodeIndex, readIndex } from '../../vectors/index-file.ts';
import type { NewVector } from '../../vectors/store.ts';
import { checkModel, type VectorModel } from '../../vectors/vector-model.ts';
import type { ClassTarget } from './interface.ts';
import { byLabel, type OwnData } from './own.ts';
import { type EngineParts, type NamedSource, toVectors } from './sources.ts';
import type { Change, Collection } from './store.ts';

/** Methods of the sets of classes that a page keeps; see `LocalClasses`. */
export function createClassCalls(parts: EngineParts, { store }: OwnData) {
  /** @param isNew - whether the examples replace the set. */
  async function put(
    name: string,
    listed: readonly LabeledSource<NamedSource['source']>[],
    options: ImageOptions,
    isNew: boolean,
  ): Promise<{ ids: string[]; item: ClassSetItem }> {
    checkName(name, 'name');
    const { model, vectors } = await toVectors(parts, listed, options, (field) => `${field}.vector`);
    const rows = listed.map(({ label }, i) => newExample(label, vectors[i] as Float32Array));
    if (isNew) {
      const orders = rows.map((row, order) => ({ ...row, order }));
      createClassSet(name, model, byLabel(orders), (label) => `pictures.${label}`);
    }
    const after = await write(name, { model, put: rows, replace: isNew });
    return { ids: rows.map(({ id }) => id), item: itemOf(after) };
  }

  async function write(name: string, change: Change & { model: VectorModel }): Promise<Collection> {
    const { after } = await store.write('classes', name, {
      ...change,
      check(before, after, others) {
        if (before && !change.replace) checkModel(before.model, change.model);
        checkSize(after);
        const classes = others.reduce((sum, { labels }) => sum + labels.length, 0);
        checkSetRoom({ sets: others.length, classes }, after?.labels.length ?? 0);
      },
    });
    if (!after) throw classesNotFound();
    return after;
  }

  async function read(name: string) {
    checkName(name, 'name');
    const found = await store.read('classes', name);
    if (!found) throw classesNotFound();
    return found;
  }

  return {
    create: async (
      name: string,
      listed: readonly LabeledSource<NamedSource['source']>[],
      options: ImageOptions,
    ) => (await put(name, listed, options, true)).item,
    add: async (
      name: string,
      listed: readonly LabeledSource<NamedSource['source']>[],
      options: ImageOptions,
    ) => (await put(name, listed, options, false)).ids,
    list: async () => (await store.list('classes')).map(itemOf),
    async get(name: string) {
      checkName(name, 'name');
      const about = await store.about('classes', name);
      if (!about) throw classesNotFound();
      return itemOf(about);
    },
    async delete(name: string) {
      checkName(name, 'name');
      await store.write('classes', name, { replace: true });
    },
    async examples(name: string) {
      const { rows } = await read(name);
      return rows.map(({ id, metadata }) => ({ id, label: `${metadata.label}` }));
    },
    async remove(name: string, id: string) {
      checkName(name, 'name');
      await store.write('classes', name, { remove: [id] });
    },
    async export(name: string) {
      const { about, rows } = await read(name);
      const { dimensions, ...model } = about.model;
      return new Blob([encodeIndex({ model, dimensions, rows: 'float32' }, rows)]);
    },
    async import(name: string, file: Blob) {
      checkName(name, 'name');
      const { model, dimensions, entries, vector } = readIndex(new Uint8Array(await file.arrayBuffer()));
      const rows = entries.map(([, { label }], place) => {
        checkText(label, 'label');
        return newExample(label, vector(place));
      });
      if (rows.length === 0)
        throw new UnlabelError('invalid_request', 'The file has no examples', { field: 'file' });
      return itemOf(await write(name, { model: { ...model, dimensions }, put: rows, replace: true }));
    },
    async push(name: string, target: ClassTarget, options: CallOptions) {
      const { about, rows } = await read(name);
      const { dimensions, ...model } = about.model;
      const pictures = byLabel(rows).map(([label, vectors]) => [
        label,
        vectors.map((embedding) => ({ embedding, model })),
      ]);
      return target.classes.create(name, Object.fromEntries(pictures), options);
    },
  };
}

function newExample(label: string, vector: Float32Array): NewVector {
  return { id: crypto.randomUUID(), vector, metadata: { label } };
}

function checkSize(after: Collection | undefined): void {
  const isOver = after && (after.labels.length > limits.classesPerSet || after.count > limits.examplesPerSet);
  if (isOver)
    throw new UnlabelError(
      'quota_exceeded',
      `A set has at most ${limits.classesPerSet} classes and ${limits.examplesPerSet} examples: remove some`,
      { field: 'pictures' },
    );
}

/** A set as a caller sees it, its classes in the order of their `index`. */
function itemOf({ name, model, labels }: Collection): ClassSetItem {
  const counts = Object.fromEntries(labels.map(({ label, count }) => [label, count]));
  return toItem({
    name,
    model,
    classes: Object.entries(counts).map(([label, count]) => ({ label, count })),
  });
}

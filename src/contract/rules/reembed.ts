import { UnlabelError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { CallOptions } from '../model.ts';
import type { NewItem, Reembedded, ReembedOptions, VectorCollection } from '../resources/vectors.ts';

/** See `VectorCollection.reembed`. */
export async function reembed<Image, Options extends CallOptions>(
  vectors: Pick<VectorCollection<Image, Options>, 'upsert' | 'list' | 'count'>,
  from: string,
  { to, image, onProgress, ...others }: Options & ReembedOptions<Image>,
): Promise<Reembedded> {
  if (to === from)
    throw new UnlabelError('invalid_parameter', `to: expected another namespace than ${from}`, {
      field: 'to',
    });
  const options = others as unknown as Options;
  const total = await vectors.count({ ...options, namespace: from });
  const known = new Set<string>();
  for await (const { id } of vectors.list({ ...options, namespace: to })) known.add(id);
  const result: Reembedded = { written: 0, leftOut: [], failed: [] };

  const write = async (items: NewItem<Image>[]): Promise<void> => {
    if (items.length === 0) return;
    try {
      await vectors.upsert(items, { ...options, namespace: to });
      result.written += items.length;
    } catch (error) {
      const place = /^items\[(\d+)\]/.exec((error as Partial<UnlabelError>).field ?? '')?.[1];
      const item = items[Number(place)];
      if (!item) throw error;
      result.failed.push({ id: item.id, error: error as UnlabelError });
      return write(items.filter((other) => other !== item));
    }
    const { written, leftOut, failed } = result;
    onProgress?.({ done: known.size + written + leftOut.length + failed.length, total });
  };

  let items: NewItem<Image>[] = [];
  for await (const { id, metadata } of vectors.list({ ...options, namespace: from })) {
    if (known.has(id)) continue;
    const vector = await image({ id, metadata });
    if (vector === undefined) result.leftOut.push(id);
    else items.push({ id, vector, metadata });
    if (items.length < limits.imagesPerRequest) continue;
    await write(items);
    items = [];
  }
  await write(items);
  return result;
}

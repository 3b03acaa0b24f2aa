import type { ImageSource } from '../contract/image-source.ts';
import { settleOwn } from '../contract/rules/settle.ts';
import { isId, vectorOf } from '../contract/vector-query.ts';
import type { SearchQuery } from '../contract/vectors.ts';
import { abortable } from '../util/abortable.ts';
import { closeImages, takeImages } from './host/take-image.ts';

/** What a call takes: images; sources, which may also be vectors; or queries, which may be ids too. */
export type Kind = 'images' | 'sources' | 'queries';

/** Whether the argument of a call is a list. A list of numbers is one vector. */
export function isList<Query>(input: Query | readonly Query[], kind: Kind): input is readonly Query[] {
  return Array.isArray(input) && !(kind !== 'images' && vectorOf(input));
}

/**
 * Runs a call with its images and vectors as they are now, before control returns to the caller; what happens to a
 * canvas or a buffer afterwards does not matter. The copies are closed when the call ends, however it ends.
 *
 * @param input - the argument of the caller: one item or a list of them.
 * @param call - gets the items, always as a list, and their names in errors.
 * @param nameOf - the caller's name for an item. Default: `image`, or `images[<index>]` of a list.
 * @throws UnlabelError `invalid_image`; the reason of the signal; what `call` throws.
 */
export async function withTaken<Query extends SearchQuery<ImageSource>, Result>(
  input: Query | readonly Query[],
  kind: Kind,
  signal: AbortSignal | undefined,
  call: (items: Query[], nameOf: (index: number) => string) => Promise<Result>,
  nameOf = (index: number) => (isList(input, kind) ? `${kind}[${index}]` : 'image'),
): Promise<Result> {
  signal?.throwIfAborted();
  const items = isList(input, kind) ? Array.from(input) : [input];
  const isImage = (item: Query) =>
    kind === 'images' || !(vectorOf(item) || (kind === 'queries' && isId(item)));
  const places = items.flatMap((item, place) => (isImage(item) ? [place] : []));
  const taking = takeImages(
    places.map((place) => items[place] as ImageSource),
    (index) => nameOf(places[index] as number),
  );
  const taken = items.map((item) => (isImage(item) ? item : copyOf(item)));
  try {
    for (const [index, { image }] of (await abortable(taking, signal)).entries())
      taken[places[index] as number] = image as Query;
    return await call(taken, nameOf);
  } finally {
    taking.then(closeImages, () => {});
  }
}

/**
 * Runs a call for each item of a list by itself, for `settled: true`: an item that cannot be read does not fail the
 * others.
 *
 * @param onFailure - called when an item turns out to have an error of its own.
 */
export function withEachTaken<Query extends SearchQuery<ImageSource>, Result>(
  input: readonly Query[],
  kind: Kind,
  signal: AbortSignal | undefined,
  call: (items: Query[], nameOf: (index: number) => string) => Promise<Result[]>,
  onFailure: () => void = () => {},
): Promise<PromiseSettledResult<Result>[]> {
  const answers = Array.from(input, (item, i) => {
    const name = `${kind}[${i}]`;
    const answer = withTaken([item], kind, signal, call, () => name);
    const outcome = settleOwn(
      name,
      answer.then(([result]) => result as Result),
    );
    return outcome.then((settled) => {
      if (settled.status === 'rejected') onFailure();
      return settled;
    });
  });
  return Promise.all(answers);
}

/** A copy of a vector or an id. */
function copyOf<Query>(item: Query): Query {
  if (isId(item)) return { id: item.id } as Query;
  const vector = vectorOf(item);
  if (!vector) return item;
  const numbers = Float32Array.from(vector.numbers);
  return (vector.model ? { embedding: numbers, model: { ...vector.model } } : numbers) as Query;
}

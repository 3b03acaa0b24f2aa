import type { ImageSource } from '../contract/image-source.ts';
import { mapExamples } from '../contract/rules/examples.ts';
import { partOf } from '../contract/rules/region.ts';
import { settleOwn } from '../contract/rules/settle.ts';
import { isExamples, isId, vectorOf } from '../contract/vector-query.ts';
import type { ImagePart, SearchQuery } from '../contract/vectors.ts';
import { abortable } from '../util/abortable.ts';
import { closeImages, type TakenImage, takeImages } from './host/take-image.ts';

/** What a call takes: images; sources, which may also be parts of images and vectors; or queries, which may be ids and examples too. */
export type Kind = 'images' | 'sources' | 'queries';

/** Whether the argument of a call is a list. A list of numbers is one vector. */
export function isList<Query>(input: Query | readonly Query[], kind: Kind): input is readonly Query[] {
  return Array.isArray(input) && !(kind !== 'images' && vectorOf(input));
}

/** What becomes of an item once the images of a call are taken. */
type Taking = (taken: readonly TakenImage[]) => unknown;

/** The caller's name for one of a list of queries; undefined for the only one. */
export function listNameOf(name: string): string | undefined {
  return name === 'image' ? undefined : name;
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
export async function withTaken<Query extends SearchQuery<ImageSource> | ImagePart<ImageSource>, Result>(
  input: Query | readonly Query[],
  kind: Kind,
  signal: AbortSignal | undefined,
  call: (items: Query[], nameOf: (index: number) => string) => Promise<Result>,
  nameOf = (index: number) => (isList(input, kind) ? `${kind}[${index}]` : 'image'),
): Promise<Result> {
  signal?.throwIfAborted();
  const items = isList(input, kind) ? Array.from(input) : [input];
  const images: { image: ImageSource; name: string }[] = [];
  /** Copies an item; its images come when they are taken. */
  const take = (item: unknown, name: string, kind: Kind | 'examples'): Taking => {
    if (kind === 'queries' && isExamples(item)) {
      const { like, dislike } = mapExamples(item, listNameOf(name), (example, field) =>
        take(example, field, 'examples'),
      );
      const all = (list: Taking[], taken: readonly TakenImage[]) => list.map((one) => one(taken));
      return (taken) => ({ like: all(like, taken), dislike: all(dislike, taken) });
    }
    if (kind !== 'images' && (vectorOf(item) || (kind !== 'sources' && isId(item)))) {
      const copy = copyOf(item);
      return () => copy;
    }
    const isPart = kind === 'sources' || kind === 'examples';
    const { source, region } = isPart ? partOf(item, name) : { source: item };
    const place = images.push({ image: source as ImageSource, name }) - 1;
    return (taken) => (region ? { image: taken[place]?.image, region } : taken[place]?.image);
  };
  const takings = items.map((item, i) => take(item, nameOf(i), kind));
  const taking = takeImages(
    images.map(({ image }) => image),
    (index) => images[index]?.name as string,
  );
  try {
    const taken = await abortable(taking, signal);
    const copies = takings.map((copy) => copy(taken) as Query);
    return await call(copies, nameOf);
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

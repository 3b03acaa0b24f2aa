import { expectTypeOf } from 'vitest';
import {
  type Classification,
  type Client,
  type ConnectionErrorCode,
  createClient,
  type Embedding,
  type Engine,
  type Filter,
  type ImageSource,
  InvalidParameterError,
  type ModelLabels,
  type SearchResult,
  type StoredVector,
  TimeoutError,
  UnlabelApiError,
  UnlabelError,
} from '../../src/index.ts';

declare const image: Blob;
declare const images: readonly Blob[];
const url = 'http://localhost';

const known = createClient({ url, model: 'cifar10' });
const unknown = createClient({ url, model: 'pets' });
const unnamed = createClient({ url });

// Labels are a union for a known model, else a string.
type Label = ModelLabels['cifar10'];
expectTypeOf((await known.classify(image)).predictions)
  .items.toHaveProperty('label')
  .toEqualTypeOf<Label>();
expectTypeOf((await unknown.classify(image)).predictions)
  .items.toHaveProperty('label')
  .toEqualTypeOf<string>();
expectTypeOf((await unnamed.classify(image)).predictions)
  .items.toHaveProperty('label')
  .toEqualTypeOf<string>();
expectTypeOf<'cat'>().toExtend<Label>();
expectTypeOf<'king penguin'>().not.toExtend<Label>();
expectTypeOf((await known.classify(image)).model.name).toEqualTypeOf<'cifar10'>();
expectTypeOf(createClient({ url, model: 'cifar10' as string | undefined })).toEqualTypeOf<Client<string>>();

// One in, one out; an array in, an array out.
expectTypeOf(await known.classify(image)).toEqualTypeOf<Classification<'cifar10'>>();
expectTypeOf(await known.classify(images)).toEqualTypeOf<Classification<'cifar10'>[]>();
expectTypeOf(await known.embed(image)).toEqualTypeOf<Embedding<'cifar10'>>();
expectTypeOf(await known.embed(images)).toEqualTypeOf<Embedding<'cifar10'>[]>();
expectTypeOf((await unnamed.embed(image)).embedding).toEqualTypeOf<Float32Array>();

// What a person has at hand is an image; an address is one for the hosted network alone.
expectTypeOf<File | ArrayBuffer | Buffer | Uint8Array | DataView>().toExtend<ImageSource>();
expectTypeOf<HTMLImageElement | HTMLCanvasElement | HTMLVideoElement>().toExtend<ImageSource>();
expectTypeOf<OffscreenCanvas | ImageBitmap | ImageData | VideoFrame>().toExtend<ImageSource>();
expectTypeOf<string>().not.toExtend<ImageSource>();
expectTypeOf<URL>().not.toExtend<ImageSource>();
expectTypeOf<HTMLDivElement>().not.toExtend<ImageSource>();

expectTypeOf<Client<'cifar10'>>().toExtend<Engine<ImageSource, 'cifar10'>>();
void known.classify(image, { topK: 3, timeout: 1000, signal: new AbortController().signal });
// @ts-expect-error an embedding has no topK
void known.embed(image, { topK: 3 });
// @ts-expect-error a client needs to know where the service is
createClient({});
createClient({ url, fetch });

// A search takes an image, numbers, an embedding or an id, or an array of them.
expectTypeOf(await known.search(image)).toEqualTypeOf<SearchResult<'cifar10'>>();
expectTypeOf(await known.search(images)).toEqualTypeOf<SearchResult<'cifar10'>[]>();
expectTypeOf(await known.search([1, 2, 3])).toEqualTypeOf<SearchResult<'cifar10'>>();
expectTypeOf(await known.search(new Float64Array(3))).toEqualTypeOf<SearchResult<'cifar10'>>();
expectTypeOf(await known.search([[1, 2, 3], { id: 'a' }])).toEqualTypeOf<SearchResult<'cifar10'>[]>();
expectTypeOf(await known.search(await known.embed(image))).toEqualTypeOf<SearchResult<'cifar10'>>();
void known.search({ id: 'a' }, { filter: { label: { in: ['cat'] }, year: { gte: 2020 } } });
// An address, an answer of fetch or a stream is an image for the hosted network; this side reads it.
void known.search('http://localhost/cat.jpg');
void known.classify([new URL('file:///cat.jpg'), new Response(image), image.stream(), 'cat.jpg']);
declare const local: Engine<ImageSource, 'cifar10'>;
// @ts-expect-error an address is no image for every engine
void local.classify('http://localhost/cat.jpg');
// @ts-expect-error no such operator
const filter: Filter = { label: { like: 'c' } };
void filter;

// With own classes and by neighbours a label is any string.
expectTypeOf((await known.classify(image, { classes: 'mine' })).predictions)
  .items.toHaveProperty('label')
  .toEqualTypeOf<string>();
expectTypeOf((await known.classify(images, { method: 'neighbors', k: 5 }))[0]?.predictions)
  .exclude<undefined>()
  .items.toHaveProperty('label')
  .toEqualTypeOf<string>();

expectTypeOf(await known.vectors.get('a')).toEqualTypeOf<StoredVector>();
void known.vectors.upsert([{ id: 'a', vector: image, metadata: { label: 'cat', year: 2020, good: true } }]);
// @ts-expect-error metadata is flat
void known.vectors.upsert([{ id: 'a', vector: image, metadata: { nested: {} } }]);

// Errors narrow.
declare const error: unknown;
if (error instanceof UnlabelError) expectTypeOf(error.status).toEqualTypeOf<number>();
if (error instanceof InvalidParameterError) expectTypeOf(error.code).toEqualTypeOf<'invalid_parameter'>();
if (error instanceof UnlabelApiError) expectTypeOf(error.headers).toEqualTypeOf<Headers>();
if (error instanceof UnlabelApiError) expectTypeOf(error.retryAfter).toEqualTypeOf<number | undefined>();
if (error instanceof TimeoutError) expectTypeOf(error).toExtend<UnlabelError>();
if (error instanceof TimeoutError) expectTypeOf(error.code).toEqualTypeOf<ConnectionErrorCode>();

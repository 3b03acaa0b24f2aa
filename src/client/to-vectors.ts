import type { Embedding } from '../contract/engine.ts';
import { mapExamples } from '../contract/rules/examples.ts';
import { partOf, readRegion } from '../contract/rules/region.ts';
import { isId } from '../contract/vector-query.ts';
import type { Examples } from '../contract/vectors.ts';
import type { VectorSource } from '../contract/wire.ts';
import type { Connection, InferOptions } from './connection.ts';
import type { HostedImage } from './images/take.ts';
import { embedTask } from './resources/embed.ts';
import { type ImageOrVector, toVector } from './vector-source.ts';

interface NamedSource {
  source: ImageOrVector;
  /** The caller's name for it, in errors. */
  field: string;
}

/** Vectors as they are sent; the images among the sources are embedded first, in as few requests as possible. */
export async function toVectors(
  connection: Connection,
  model: string | undefined,
  sources: readonly NamedSource[],
  { region: given, ...options }: InferOptions = {},
): Promise<VectorSource[]> {
  const whole = readRegion(given);
  const vectors = sources.map(({ source }): VectorSource | undefined => toVector(source));
  const images = sources.flatMap(({ source, field }, place) =>
    vectors[place] ? [] : { ...partOf(source as HostedImage, field), field, place },
  );
  if (images.length === 0) return vectors as VectorSource[];
  const embeddings = (await connection.infer(
    embedTask(model),
    images.map(({ source }) => source),
    { ...options, region: whole, regions: images.map(({ region }) => region) },
    (index) => images[index]?.field as string,
  )) as Embedding[];
  for (const [i, { place }] of images.entries()) vectors[place] = toVector(embeddings[i]);
  return vectors as VectorSource[];
}

/** Examples as they are sent, those that are images as vectors. */
export async function toExamples(
  connection: Connection,
  model: string | undefined,
  query: Examples<HostedImage>,
  name: string | undefined,
  options: InferOptions,
): Promise<object> {
  type Named = { source: ImageOrVector | { id: string }; field: string };
  const { like, dislike } = mapExamples(query, name, (source, field): Named => ({ source, field }));
  const all = [...like, ...dislike];
  const isSource = (example: Named): example is NamedSource => !isId(example.source);
  const vectors = await toVectors(connection, model, all.filter(isSource), options);
  const sent = all.map(({ source }) => (isId(source) ? { id: source.id } : vectors.shift()));
  return { like: sent.slice(0, like.length), dislike: sent.slice(like.length) };
}

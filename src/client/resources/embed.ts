import type { Embedding } from '../../contract/engine.ts';
import type { Settled } from '../../contract/model.ts';
import type { EmbeddingItem } from '../../contract/wire.ts';
import { decodeFloat32 } from '../../util/float32.ts';
import { checkShape } from '../check-shape.ts';
import type { Connection, InferOptions, Task } from '../connection.ts';
import type { HostedImage } from '../images/take.ts';

/** Asks for base64, which takes a third of the bytes of decimal numbers. */
export function embedTask<Model extends string>(model?: Model): Task<EmbeddingItem, Embedding<Model>> {
  return {
    path: 'v1/embeddings',
    query: { model, encoding: 'base64' },
    read(answer) {
      const embedding = decodeFloat32(answer.embedding as string);
      checkShape(embedding.length === answer.dimensions);
      return { ...answer, embedding } as Embedding<Model>;
    },
  };
}

/** `POST /v1/embeddings`. */
export function createEmbed<Model extends string>(connection: Connection, model?: Model) {
  type Result = Embedding<Model>;
  const task = embedTask(model);

  function embed(image: HostedImage, options?: InferOptions): Promise<Result>;
  function embed(
    images: readonly HostedImage[],
    options: InferOptions & Settled,
  ): Promise<PromiseSettledResult<Result>[]>;
  function embed(images: readonly HostedImage[], options?: InferOptions): Promise<Result[]>;
  function embed(
    images: HostedImage | readonly HostedImage[],
    { settled, ...options }: InferOptions & Partial<Settled> = {},
  ) {
    return connection.infer({ ...task, settled }, images, options);
  }
  return embed;
}

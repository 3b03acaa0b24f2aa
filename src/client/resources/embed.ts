import type { Embedding } from '../../contract/engine.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import type { EmbeddingItem } from '../../contract/wire.ts';
import { decodeFloat32 } from '../../util/float32.ts';
import { type Connection, infer, type Task } from '../infer.ts';
import { checkShape } from '../read-response.ts';
import type { RequestOptions } from '../request.ts';

/** `POST /v1/embeddings`. Asks for base64, which takes a third of the bytes of decimal numbers. */
export function createEmbed<Model extends string>(connection: Connection, model?: Model) {
  type Result = Embedding<Model>;

  const task: Task<EmbeddingItem, Result> = {
    path: 'v1/embeddings',
    query: { model, encoding: 'base64' },
    read(answer) {
      const embedding = decodeFloat32(answer.embedding as string);
      checkShape(embedding.length === answer.dimensions);
      return { ...answer, embedding } as Result;
    },
  };

  function embed(image: ImageSource, options?: RequestOptions): Promise<Result>;
  function embed(images: readonly ImageSource[], options?: RequestOptions): Promise<Result[]>;
  function embed(images: ImageSource | readonly ImageSource[], options?: RequestOptions) {
    return infer(connection, task, images, options);
  }
  return embed;
}

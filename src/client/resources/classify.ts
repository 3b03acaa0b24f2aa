import type { Classification, ClassifyOptions } from '../../contract/engine.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import type { ClassifyLookup } from '../../contract/vectors.ts';
import type { ClassifyItem } from '../../contract/wire.ts';
import { type Connection, infer, type Task } from '../infer.ts';
import { checkShape } from '../read-response.ts';
import type { RequestOptions } from '../request.ts';

/** `POST /v1/classify`. */
export function createClassify<Model extends string>(connection: Connection, model?: Model) {
  type Result = Classification<Model>;
  type Options = ClassifyOptions & RequestOptions;
  type Looked = Classification<Model, string>;

  function classify(image: ImageSource, options: Options & ClassifyLookup): Promise<Looked>;
  function classify(images: readonly ImageSource[], options: Options & ClassifyLookup): Promise<Looked[]>;
  function classify(image: ImageSource, options?: Options): Promise<Result>;
  function classify(images: readonly ImageSource[], options?: Options): Promise<Result[]>;
  function classify(
    images: ImageSource | readonly ImageSource[],
    { signal, timeout, ...query }: Options = {},
  ) {
    const task: Task<ClassifyItem, Looked> = {
      path: 'v1/classify',
      query: { model, ...query },
      read(answer) {
        checkShape(
          answer.predictions.every(({ label, score }) => typeof label === 'string' && Number.isFinite(score)),
        );
        return answer as Looked;
      },
    };
    return infer(connection, task, images, { signal, timeout });
  }
  return classify;
}

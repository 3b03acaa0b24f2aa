import type { Classification, ClassifyOptions } from '../../contract/engine.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import type { ClassifyItem } from '../../contract/wire.ts';
import { checkShape } from '../answer.ts';
import { type Connection, infer, type Task } from '../infer.ts';
import type { RequestOptions } from '../request.ts';

/** `POST /v1/classify`. */
export function createClassify<Model extends string>(connection: Connection, model?: Model) {
  type Result = Classification<Model>;
  type Options = ClassifyOptions & RequestOptions;

  function classify(image: ImageSource, options?: Options): Promise<Result>;
  function classify(images: readonly ImageSource[], options?: Options): Promise<Result[]>;
  function classify(images: ImageSource | readonly ImageSource[], options: Options = {}) {
    const task: Task<ClassifyItem, Result> = {
      path: 'v1/classify',
      query: { model, topK: options.topK },
      read(answer) {
        checkShape(
          answer.predictions.every(({ label, score }) => typeof label === 'string' && Number.isFinite(score)),
        );
        return answer as Result;
      },
    };
    return infer(connection, task, images, options);
  }
  return classify;
}

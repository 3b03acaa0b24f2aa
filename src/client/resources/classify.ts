import type { Classification, ClassifyOptions } from '../../contract/engine.ts';
import type { ListOptions, Settled } from '../../contract/model.ts';
import { checkLabels } from '../../contract/rules/known.ts';
import type { ClassifyLookup } from '../../contract/vectors.ts';
import type { ClassifyItem } from '../../contract/wire.ts';
import { checkShape } from '../check-shape.ts';
import type { Connection, Task } from '../connection.ts';
import type { RequestOptions } from '../http/service.ts';
import type { HostedImage } from '../images/take.ts';

/** `POST /v1/classify`. */
export function createClassify<Model extends string>(connection: Connection, model?: Model) {
  type Result = Classification<Model>;
  type Options = ClassifyOptions & RequestOptions;
  type Lookup = Classification<Model, string>;

  function classify(image: HostedImage, options: Options & ClassifyLookup): Promise<Lookup>;
  function classify(
    images: readonly HostedImage[],
    options: Options & ListOptions & Settled,
  ): Promise<PromiseSettledResult<Lookup>[]>;
  function classify(
    images: readonly HostedImage[],
    options: Options & ClassifyLookup & ListOptions,
  ): Promise<Lookup[]>;
  function classify(image: HostedImage, options?: Options): Promise<Result>;
  function classify(images: readonly HostedImage[], options?: Options & ListOptions): Promise<Result[]>;
  async function classify(
    images: HostedImage | readonly HostedImage[],
    { signal, timeout, settled, region, onProgress, ...query }: Options & ListOptions & Partial<Settled> = {},
  ): Promise<Lookup | Lookup[] | Result | Result[] | PromiseSettledResult<Lookup>[]> {
    // An empty list would be left out of the address, and let every class answer.
    checkLabels(query.labels);
    const task: Task<ClassifyItem, Lookup> = {
      path: 'v1/classify',
      settled,
      query: { model, ...query },
      read(answer) {
        checkShape(
          answer.predictions.every(({ label, score }) => typeof label === 'string' && Number.isFinite(score)),
        );
        return answer as Lookup;
      },
    };
    return connection.infer(task, images, { signal, timeout, region, onProgress });
  }
  return classify;
}

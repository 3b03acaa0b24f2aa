import type { Manifest } from '../../contract/manifest.ts';
import type { ModelName } from '../../contract/model.ts';
import type { ModelList } from '../../contract/wire.ts';
import { checkShape } from '../check-shape.ts';
import type { Send } from '../http/request.ts';
import type { RequestOptions } from '../http/service.ts';

/** The models of a service. */
export interface Models {
  /**
   * All models.
   *
   * @throws UnlabelApiError, ConnectionError, TimeoutError
   */
  list(options?: RequestOptions): Promise<ModelList>;
  /**
   * One model: its input size, classes, files with their metrics, and training.
   *
   * @throws ModelNotFoundError
   * @throws UnlabelApiError, ConnectionError, TimeoutError
   */
  get(name: ModelName, options?: RequestOptions): Promise<Manifest>;
}

/** `GET /v1/models`. */
export function createModels(send: Send): Models {
  return {
    list: (options) =>
      send(
        { path: 'v1/models' },
        (body) => {
          const list = body as ModelList;
          checkShape(list.models.every(isManifest));
          return list;
        },
        options,
      ),
    get: (name, options) =>
      send(
        { path: `v1/models/${encodeURIComponent(name)}` },
        (body) => {
          checkShape(isManifest(body));
          return body;
        },
        options,
      ),
  };
}

function isManifest(body: unknown): body is Manifest {
  const { name, classes } = body as Manifest;
  return typeof name === 'string' && Array.isArray(classes);
}

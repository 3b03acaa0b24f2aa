import type { ClassCollection } from '../../contract/resources/classes.ts';
import type { ClassSetItem, ClassSetList } from '../../contract/wire.ts';
import { checkShape } from '../check-shape.ts';
import type { Connection } from '../connection.ts';
import type { RequestOptions } from '../http/service.ts';
import type { HostedImage } from '../images/take.ts';
import { toVectors } from '../to-vectors.ts';
import { jsonOf } from '../vector-source.ts';

/**
 * Sets of classes of your own, to classify with: `client.classify(image, { classes: 'my-classes' })`. Writing needs a
 * key with the scope `write`.
 *
 * Every method throws `UnlabelApiError` or its subclass for the `code`, ConnectionError, TimeoutError and
 * RedirectError.
 */
export interface Classes extends ClassCollection<HostedImage, RequestOptions> {}

/** Below `/v1/classes`. */
export function createClasses(connection: Connection, model?: string): Classes {
  const { send } = connection;
  const base = 'v1/classes';
  const pathOf = (name: string) => `${base}/${encodeURIComponent(name)}`;
  return {
    async create(name, pictures, { region, ...options } = {}) {
      const labels = Object.entries(pictures).map(([label, sources]) => ({ label, sources: [...sources] }));
      const named = labels.flatMap(({ label, sources }) =>
        sources.map((source, i) => ({ source, field: `pictures.${label}[${i}]` })),
      );
      const vectors = await toVectors(connection, model, named, { ...options, region });
      const classes = Object.fromEntries(
        labels.map(({ label, sources }) => [label, vectors.splice(0, sources.length)]),
      );
      const rename = (field: string) => field.replace(/^classes\./, 'pictures.');
      return send(
        { path: pathOf(name), query: { model }, method: 'PUT', body: jsonOf({ classes }), rename },
        (body) => {
          const set = readSet(body);
          checkShape(set.name === name && set.classes.length === labels.length);
          return set;
        },
        options,
      );
    },
    list: (options) => send({ path: base }, (body) => (body as ClassSetList).sets.map(readSet), options),
    get: (name, options) => send({ path: pathOf(name) }, readSet, options),
    delete: (name, options) =>
      send(
        { path: pathOf(name), method: 'DELETE' },
        (body) => checkShape((body as ClassSetItem).name === name),
        options,
      ),
  };
}

function readSet(body: unknown): ClassSetItem {
  const set = body as ClassSetItem;
  checkShape(typeof set.name === 'string' && Array.isArray(set.classes));
  return set;
}

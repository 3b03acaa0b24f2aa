import type { Manifest } from '../../contract/manifest.ts';
import { tensorMediaType } from '../../contract/wire.ts';
import { fitImage } from '../../image/fit-web.ts';
import { abortable } from '../../util/abortable.ts';
import { singleFlight } from '../../util/single-flight.ts';
import type { UnlabelApiError } from '../errors.ts';
import type { RequestOptions } from '../http/service.ts';
import type { Models } from '../resources/models.ts';
import { readImage } from './file-pack.ts';
import type { Pack } from './pack.ts';

type Size = Manifest['input'];

/** Sends the pixels that the network sees, and nothing else of an image. Asks the service for their size once. */
export function createTensorPack(models: Models, model: string | undefined): Pack {
  // Concurrent calls share the request, so it goes on when the call that began it is aborted.
  const load = singleFlight((timeout: number | undefined) => inputOf(models, model, { timeout }));
  const sizeOf = ({ signal, timeout }: RequestOptions = {}) => abortable(load(timeout), signal);

  return {
    async one(image, field, options, region) {
      // What the service answers is no fault of the image.
      const size = await sizeOf(options);
      return readImage(image, field, options, async (source) => {
        const pixels = await fitImage(source, { ...size, region }, field);
        return new Blob([pixels as Uint8Array<ArrayBuffer>], { type: tensorMediaType });
      });
    },
    many: (bodies) => new Blob([...bodies], { type: `${tensorMediaType}; batch=${bodies.length}` }),
    async isOutdated(error, options) {
      // Of the pixels that are sent, only their number can be wrong, and only the service says so.
      if ((error as Partial<UnlabelApiError> | null)?.problem?.code !== 'invalid_image') return false;
      const before = await sizeOf(options);
      load.reset();
      const now = await sizeOf(options);
      return now.width !== before.width || now.height !== before.height;
    },
  };
}

async function inputOf(models: Models, model: string | undefined, options: RequestOptions): Promise<Size> {
  if (model !== undefined) return (await models.get(model, options)).input;
  const list = await models.list(options);
  const found = list.models.find(({ name }) => name === list.default);
  if (!found) throw new TypeError('The service does not list its default model');
  return found.input;
}

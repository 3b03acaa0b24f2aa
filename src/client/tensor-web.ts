import type { Manifest } from '../contract/manifest.ts';
import { tensorMediaType } from '../contract/wire.ts';
import { fitImage } from '../image/fit-web.ts';
import { abortable } from '../util/abortable.ts';
import type { UnlabelApiError } from './errors.ts';
import type { Pack } from './pack.ts';
import type { RequestOptions } from './request.ts';
import type { Models } from './resources/models.ts';

type Size = Manifest['input'];

/** Sends the pixels that the network sees, and nothing else of an image. Asks the service for their size once. */
export function createTensorPack(models: Models, model: string | undefined): Pack {
  let size: Promise<Size> | undefined;

  /** The request is shared, so it goes on when the call that began it is aborted. */
  function sizeOf({ signal, timeout }: RequestOptions = {}): Promise<Size> {
    size ??= inputOf(models, model, { timeout }).catch((error: unknown) => {
      size = undefined;
      throw error;
    });
    return abortable(size, signal);
  }

  return {
    async one(image, field, options) {
      const pixels = await fitImage(image, await sizeOf(options), field);
      return new Blob([pixels as Uint8Array<ArrayBuffer>], { type: tensorMediaType });
    },
    many: (bodies) => new Blob([...bodies], { type: `${tensorMediaType}; batch=${bodies.length}` }),
    async isOutdated(error, options) {
      // Only what the service says has a problem; the pixels that are sent are wrong in nothing but their number.
      if ((error as Partial<UnlabelApiError> | null)?.problem?.code !== 'invalid_image') return false;
      const before = await sizeOf(options);
      size = undefined;
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

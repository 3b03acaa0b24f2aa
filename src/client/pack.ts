import type { ImageSource } from '../contract/image-source.ts';
import { toBlob } from './image-source.ts';
import type { RequestOptions } from './request.ts';

/** Puts images into requests. */
export interface Pack {
  /** The body for one image, which may be sent as often as need be. */
  one(image: ImageSource, field: string, options?: RequestOptions): Promise<Blob>;
  /** The body for several images, of their single ones. */
  many(bodies: readonly Blob[]): Blob | FormData;
  /** Whether a failure comes from an earlier state of the service, so that the images must be packed anew. */
  isOutdated?(error: unknown, options?: RequestOptions): Promise<boolean>;
}

/** Sends files as they are. */
export const filePack: Pack = {
  one: toBlob,
  many(bodies) {
    const form = new FormData();
    for (const body of bodies) form.append('files', body);
    return form;
  },
};

import type { ImageSource } from '../../contract/image-source.ts';
import type { Region } from '../../contract/model.ts';
import type { RequestOptions } from '../http/service.ts';

/** What is sent of an image: the pixels that the network sees, or the file. */
export type Upload = 'tensor' | 'file';

/** Puts images into requests. */
export interface Pack {
  /**
   * The body for one image, which may be sent as often as need be.
   *
   * @param field - name of the image in an error.
   * @param region - the part of it that counts; a file is sent with all of it.
   * @throws UnlabelError if it cannot be read, that names the image; or the reason of `signal`.
   */
  one(
    image: Promise<ImageSource>,
    field: string,
    options: RequestOptions,
    region: Region | undefined,
  ): Promise<Blob>;
  /** The body for several images, of their single ones. */
  many(bodies: readonly Blob[]): Blob | FormData;
  /** Whether a failure comes from an earlier state of the service, so that the images must be packed anew. */
  isOutdated?(error: unknown, options: RequestOptions): Promise<boolean>;
}

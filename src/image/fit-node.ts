import type { ImageSource } from '../contract/image-source.ts';
import { codecs } from './codecs/codecs-node.ts';
import type { Target } from './fit/fit.ts';
import { fitSource } from './fit-source.ts';
import { prepareImage } from './prepare.ts';

/**
 * Makes the pixels of a model's input out of a file or of pixels, by the code of the server, within its limits.
 *
 * @param input the model's input size in pixels.
 * @param field name of the image in an error.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 * @throws UnlabelError `invalid_image`, `image_too_large` or `unsupported_media_type`; `not_supported` where no decoder
 * is installed.
 */
export function fitImage(image: ImageSource, input: Target, field: string): Promise<Uint8Array> {
  return fitSource(
    image,
    input,
    field,
    (bytes) => prepareImage(bytes, input, codecs),
    () => {
      throw new TypeError('it is no file, and nothing is drawn outside of a page');
    },
  );
}

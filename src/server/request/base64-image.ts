import { UnlabelError } from '../../contract/errors.ts';
import { decodeBase64 } from '../../util/base64.ts';

/** What a page or a file reader puts before base64 (RFC 2397). The bytes tell the format, not the media type. */
const dataPrefix = /^data:[^,]{0,128};base64,/i;

/**
 * Decodes an image of a JSON body: base64, with or without padding, line breaks or `data:image/png;base64,` before it.
 * @param field - its name in errors.
 * @throws UnlabelError `invalid_parameter`.
 */
export function decodeImage(text: string, field: string): Uint8Array {
  const start = dataPrefix.exec(text.slice(0, 256))?.[0].length ?? 0;
  try {
    return decodeBase64(start ? text.slice(start) : text);
  } catch (cause) {
    throw new UnlabelError(
      'invalid_parameter',
      `${field} must be base64 of an image file, and may start with data:image/png;base64,`,
      { field, cause },
    );
  }
}

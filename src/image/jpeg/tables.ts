import { viewOf } from '../../util/view.ts';
import { type Codes, makeCodes } from './codes.ts';
import { damaged, marker, type Segment } from './segments.ts';

/** What the segments of a JPEG have said so far (ITU T.81, B.2.4). */
export class Tables {
  /** The divisor of the DC coefficient, by the number of its table. */
  readonly dcQuantization: (number | undefined)[] = [];
  /** All divisors, of one or two bytes each. */
  readonly quantization: (Uint8Array | undefined)[] = [];
  readonly dcCodes: (Codes | undefined)[] = [];
  readonly acCodes: (Codes | undefined)[] = [];
  /** Minimum coded units between two restart markers; 0 for none. */
  restartInterval = 0;
  /** How JFIF and Adobe say that the colors are stored. */
  hasJfif = false;
  adobeTransform: number | undefined;

  /** @throws UnlabelError `invalid_image`. RangeError where the segment is too short. */
  read({ marker: code, data }: Segment): void {
    if (code === marker.quantization) this.#readQuantization(data);
    else if (code === marker.huffman) this.#readHuffman(data);
    else if (code === marker.restartInterval) this.restartInterval = viewOf(data).getUint16(0);
    else if (code === marker.app0) this.hasJfif ||= data.length >= 14 && startsWith(data, 'JFIF\0');
    else if (code === marker.app14 && data.length >= 12 && startsWith(data, 'Adobe'))
      this.adobeTransform = data[11];
  }

  #readQuantization(data: Uint8Array): void {
    const view = viewOf(data);
    for (let at = 0; at < data.length; ) {
      const isWide = view.getUint8(at) >> 4 > 0;
      this.dcQuantization[view.getUint8(at) & 15] = isWide ? view.getUint16(at + 1) : view.getUint8(at + 1);
      const end = at + 1 + (isWide ? 128 : 64);
      this.quantization[view.getUint8(at) & 15] = data.subarray(at + 1, end);
      at = end;
    }
  }

  #readHuffman(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      const head = data[at] as number;
      const counts = data.subarray(at + 1, at + 17);
      const end = at + 17 + counts.reduce((sum, count) => sum + count, 0);
      const symbols = data.subarray(at + 17, end);
      if (counts.length < 16 || end > data.length) throw new RangeError('Huffman table');
      if (symbols.length > 256) throw damaged('a Huffman table is impossible');
      (head >> 4 ? this.acCodes : this.dcCodes)[head & 15] = makeCodes(counts, symbols);
      at = end;
    }
  }
}

function startsWith(data: Uint8Array, text: string): boolean {
  return String.fromCharCode(...data.subarray(0, text.length)) === text;
}

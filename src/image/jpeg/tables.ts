import { viewOf } from '../../util/view.ts';
import { type Codes, makeCodes } from './codes.ts';
import { damaged, marker, type Segment } from './segments.ts';

/** What the segments of a JPEG have said so far (ITU T.81, B.2.4). */
export class Tables {
  /** The 64 divisors of each table as the file has them, of one or two bytes each. */
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
    for (let at = 0; at < data.length; ) {
      const head = data[at] as number;
      const end = at + 1 + (head >> 4 ? 128 : 64);
      if (end > data.length) throw damaged('a quantization table is cut off');
      this.quantization[head & 15] = data.subarray(at + 1, end);
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

/** The divisor of the DC coefficient: the first one of its table. */
export function dcDivisor(table: Uint8Array): number {
  return table.length > 64 ? viewOf(table).getUint16(0) : (table[0] as number);
}

function startsWith(data: Uint8Array, text: string): boolean {
  return String.fromCharCode(...data.subarray(0, text.length)) === text;
}

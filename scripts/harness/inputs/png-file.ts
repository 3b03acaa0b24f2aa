import { crc32, deflateSync } from 'node:zlib';

/** A PNG chunk with its checksum. */
export function chunk(name: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** The IHDR chunk of an 8-bit picture, of RGB by default. */
export function header(width: number, height: number, colorType = 2): Uint8Array {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, colorType, 0, 0, 0]);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  return chunk('IHDR', data);
}

/** Assembles a PNG from chunks, and adds IEND. */
export function png(...chunks: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return new Uint8Array(Buffer.concat([signature, ...chunks, chunk('IEND', new Uint8Array())]));
}

/** The IDAT chunk of rows, each of which starts with its filter type. */
export function data(rows: Uint8Array): Uint8Array {
  return chunk('IDAT', deflateSync(rows));
}

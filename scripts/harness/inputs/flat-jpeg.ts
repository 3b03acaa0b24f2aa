/**
 * A JPEG of one grey, of any size and few bytes: 2 bits for every block.
 *
 * @param coefficients - of each block that are written, 3 bits each; they change the picture little.
 */
export function flatJpeg(width: number, height: number, coefficients = 0): Uint8Array<ArrayBuffer> {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  const component = (id: number) => [id, 0x11, 0];
  const blocks = 3 * Math.ceil(width / 8) * Math.ceil(height / 8);
  // DC: a bit of 0 for no difference. AC: 0 ends a block, 10 and a bit is a coefficient of 1 or -1.
  const dcTable = [0xff, 0xc4, 0, 20, 0x00, 1, ...Array(15).fill(0), 0];
  const acTable = [0xff, 0xc4, 0, 21, 0x10, 1, 1, ...Array(14).fill(0), 0, 1];
  // The bits of eight blocks are whole bytes.
  const bits = `0${'100'.repeat(coefficients)}0`.repeat(8);
  const bytes = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...Array(64).fill(1)]),
      Buffer.from([0xff, 0xc0, 0, 17, 8, ...size, 3, ...component(1), ...component(2), ...component(3)]),
      Buffer.from([...dcTable, ...acTable]),
      Buffer.from([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]),
      Buffer.alloc(Math.ceil(((2 + 3 * coefficients) * blocks) / 8), bytes),
      Buffer.from([0xff, 0xd9]),
    ]),
  );
}

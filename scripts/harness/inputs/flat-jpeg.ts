/**
 * A JPEG of one grey, of any size and few bytes: 6 bits for every 64 pixels.
 */
export function flatJpeg(width: number, height: number): Uint8Array<ArrayBuffer> {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  const component = (id: number) => [id, 0x11, 0];
  const blocks = 3 * Math.ceil(width / 8) * Math.ceil(height / 8);
  // Both codes have one symbol, for nothing more: a bit of 0.
  const table = (kind: number) => [0xff, 0xc4, 0, 20, kind, 1, ...Array(15).fill(0), 0];
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...Array(64).fill(1)]),
      Buffer.from([0xff, 0xc0, 0, 17, 8, ...size, 3, ...component(1), ...component(2), ...component(3)]),
      Buffer.from([...table(0x00), ...table(0x10)]),
      Buffer.from([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]),
      Buffer.alloc(Math.ceil((2 * blocks) / 8)),
      Buffer.from([0xff, 0xd9]),
    ]),
  );
}

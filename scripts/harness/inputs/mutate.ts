/**
 * Mutates a file: flips bits, sets bytes, writes extreme numbers, removes, repeats or overwrites pieces, or truncates it.
 *
 * @param random - gives numbers from 0 to 1.
 */
export function mutate(file: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  let bytes = Buffer.from(file);
  const below = (end: number) => Math.floor(end * random());
  for (let times = 1 + below(4); times > 0; times--) {
    if (bytes.length === 0) return new Uint8Array();
    const at = below(bytes.length);
    const length = Math.min(1 + below(64), bytes.length - at);
    const piece = Buffer.from(bytes.subarray(at, at + length));
    const to = below(bytes.length);
    switch (below(7)) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 << below(8));
        break;
      case 1:
        bytes[at] = below(256);
        break;
      case 2:
        bytes.fill([0, 0x7f, 0x80, 0xff][below(4)] as number, at, at + Math.min(length, 4));
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
        break;
      case 5:
        bytes.set(piece.subarray(0, bytes.length - to), to);
        break;
      default:
        bytes = bytes.subarray(0, at);
    }
  }
  return new Uint8Array(bytes);
}

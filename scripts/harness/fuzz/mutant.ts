import { mutate } from '../inputs/mutate.ts';
import type { Target } from './target.ts';

/**
 * Changes an input: flips bytes, inserts a token, noise or a piece of another input, sets a number to a limit, or changes it
 * with knowledge of its format. Repairs checksums three times in four.
 *
 * @param other - another input, to take a piece of.
 * @param random - gives numbers from 0 to 1.
 */
export function mutant(
  input: Uint8Array,
  other: Uint8Array,
  target: Target,
  random: () => number,
): Uint8Array {
  const changed = change(input, other, target, random);
  return target.mend && random() < 0.75 ? target.mend(changed) : changed;
}

function change(
  input: Uint8Array,
  other: Uint8Array,
  { tokens, shape }: Target,
  random: () => number,
): Uint8Array {
  const below = (end: number) => Math.floor(end * random());
  switch (below(8)) {
    case 0: {
      const noise = Uint8Array.from({ length: 1 + below(8) }, () => below(256));
      const token = tokens[below(tokens.length + 1)];
      const piece = token === undefined ? noise : Buffer.from(token, 'latin1');
      const at = below(input.length + 1);
      return put(input, piece, at, at + below(2) * piece.length);
    }
    case 1:
      return put(input, other.subarray(below(other.length)), below(input.length + 1));
    case 2:
      return numbered(input, random);
    case 3:
    case 4:
      return shape ? shape(input, random) : mutate(input, random);
    default:
      return mutate(input, random);
  }
}

function put(input: Uint8Array, piece: Uint8Array, from: number, to = input.length): Uint8Array {
  return Buffer.concat([input.subarray(0, from), piece, input.subarray(to)]);
}

const limits = [
  0,
  1,
  2,
  7,
  8,
  16,
  127,
  128,
  255,
  256,
  2048,
  2049,
  16_384,
  16_385,
  65_535,
  2 ** 31,
  2 ** 32 - 1,
];

/** Sets a number of 16 or 32 bits, in either byte order, to a limit. */
function numbered(input: Uint8Array, random: () => number): Uint8Array {
  const below = (end: number) => Math.floor(end * random());
  if (input.length < 4) return input;
  const copy = Buffer.from(input);
  const value = limits[below(limits.length)] as number;
  const at = below(input.length - 3);
  const write = [
    () => copy.writeUInt16BE(value % 65_536, at),
    () => copy.writeUInt32BE(value, at),
    () => copy.writeUInt32LE(value, at),
  ];
  write[below(write.length)]?.();
  return copy;
}

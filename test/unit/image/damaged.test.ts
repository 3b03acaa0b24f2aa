import { deflateSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readFixture } from '../../../scripts/harness/inputs/parity-fixtures.ts';
import { chunk, data, header, png } from '../../../scripts/harness/inputs/png-file.ts';
import { UnlabelError } from '../../../src/contract/errors.ts';
import { codecs } from '../../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../../src/image/prepare.ts';

const input = { width: 8, height: 8 };
const prepare = (bytes: Uint8Array) => prepareImage(bytes, input, codecs);
const files = [
  'quality-20.jpg',
  'progressive-420.jpg',
  'interlaced-palette-4.png',
  'rgb.png',
  'lossy-alpha.webp',
];

/** The pixels, or undefined when the image was refused as the caller's fault; any other failure is thrown. */
async function prepareOrRefuse(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await prepare(bytes);
  } catch (error) {
    if (error instanceof UnlabelError && error.status >= 400 && error.status < 500) return undefined;
    throw error;
  }
}

test.each(files)('%s cut at any byte is refused, unless every pixel is there', async (name) => {
  const file = readFixture(`images/${name}`);
  const whole = await prepare(file);
  let read = 0;
  for (let end = 0; end < file.length; end++) {
    const made = await prepareOrRefuse(file.subarray(0, end));
    if (!made) continue;
    read++;
    expect(made, `${end} bytes`).toEqual(whole);
  }
  // An end marker of two bytes; the end of a block, an Adler-32, a CRC and IEND.
  expect(read).toBe(name.endsWith('.jpg') ? 2 : name.endsWith('.png') ? 1 + 4 + 4 + 12 : 0);
});

test.each(files)('%s with random bytes is refused or decoded, and harms no later image', async (name) => {
  const file = readFixture(`images/${name}`);
  const before = await prepare(file);
  const random = xorshift(17);
  for (let round = 0; round < 100; round++) {
    const mutant = file.slice();
    for (let i = random() % 6; i >= 0; i--) mutant[random() % file.length] = random();
    const made = await prepareOrRefuse(mutant);
    if (made) expect(made).toHaveLength(192);
    // Checksums leave a damaged PNG no way to be read as another picture.
    if (made && name.endsWith('.png')) expect(made).toEqual(before);
  }
  expect(await prepare(file)).toEqual(before);
});

test('a JPEG whose scan ends early is refused, not filled with grey', async () => {
  const file = readFixture('images/baseline-444.jpg');
  const cut = Buffer.concat([file.subarray(0, file.length - 300), Buffer.from([0xff, 0xd9])]);
  await expect(prepare(new Uint8Array(cut))).rejects.toMatchObject({ code: 'invalid_image' });
});

test('stray bytes before the end marker of a JPEG do not matter', async () => {
  const file = readFixture('images/baseline-444.jpg');
  const padded = Buffer.concat([file.subarray(0, -2), new Uint8Array(9), file.subarray(-2)]);
  expect(await prepare(new Uint8Array(padded))).toEqual(await prepare(file));
});

test('a PNG with too few or corrupt rows is refused', async () => {
  const rows = new Uint8Array(4 * 13);
  await expect(prepare(png(header(4, 4), data(rows)))).resolves.toHaveLength(192);
  const stored = png(header(4, 4), chunk('IDAT', new Uint8Array([0x78, 0x9c, 1, 2, 3])));
  for (const file of [
    png(header(4, 4), data(rows.subarray(1))),
    png(header(4, 4), data(rows.slice().fill(9, 0, 1))),
    png(header(4, 4)),
    png(header(4, 4), chunk('ABCD', rows), data(rows)),
    stored,
  ]) {
    await expect(prepare(file)).rejects.toMatchObject({ code: 'invalid_image' });
  }
});

test('a PNG bomb is inflated no further than its picture', async () => {
  const bomb = deflateSync(new Uint8Array(50_000_000));
  const whole = png(header(4, 4), chunk('IDAT', bomb));
  // Beyond the first 100 kB it is none.
  const broken = png(header(4, 4), chunk('IDAT', bomb.fill(0xff, 100)));
  expect(() => inflateSync(bomb)).toThrow();
  const picture = await prepare(png(header(4, 4), data(new Uint8Array(4 * 13))));
  expect([await prepare(whole), await prepare(broken)]).toEqual([picture, picture]);
});

test('compressed text and profiles of a PNG stay compressed', async () => {
  const [name, profile] = [Buffer.from('x\0\0'), new Uint8Array(5)];
  const rows = data(new Uint8Array(4 * 13));
  const [plain, odd] = [
    png(header(4, 4), rows),
    png(header(4, 4), chunk('iCCP', Buffer.concat([name, profile])), rows),
  ];
  expect(await prepare(odd)).toEqual(await prepare(plain));
});

function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

import { expect, test } from 'vitest';
import { drawPhoto } from '../../../../scripts/harness/inputs/draw-photo.ts';
import { readFixture } from '../../../../scripts/harness/inputs/parity-fixtures.ts';
import { codecs } from '../../../../src/image/codecs/codecs-node.ts';
import { finish } from '../../../../src/image/fit/steps.ts';
import { readHeader, withinBytes } from '../../../../src/image/header.ts';
import { checkLastScan } from '../../../../src/image/jpeg/last-scan.ts';
import { prepareImage } from '../../../../src/image/prepare.ts';

const input = { width: 32, height: 32 };
const photo = (options: object) => drawPhoto(611, 523, { progressive: true, ...options });
/** All are read by their DC coefficients, which come first. */
const photos: [name: string, bytes: Uint8Array][] = [
  ['of middle quality', await photo({})],
  ['of low quality', await photo({ quality: 20 })],
  [
    'of high quality, with all of its color',
    await photo({ quality: 98, auto_subsample: false, chroma_subsample: 1 }),
  ],
  ['in gray', await photo({ color_space: 1 })],
  [
    'without trellis quantization',
    await photo({ trellis_multipass: false, quality: 75, optimize_coding: true }),
  ],
];

/** Where the entropy-coded data of each scan begins and ends. */
function scansOf(jpeg: Uint8Array): [from: number, to: number][] {
  const file = Buffer.from(jpeg);
  const scans: [number, number][] = [];
  for (let at = 2; file[at + 1] !== 0xd9; ) {
    const from = at + 2 + file.readUInt16BE(at + 2);
    let to = from;
    if (file[at + 1] === 0xda) {
      while (file[to] !== 0xff || /^(00|d[0-7])$/.test(file.toString('hex', to + 1, to + 2))) to++;
      scans.push([from, to]);
    }
    at = to;
  }
  return scans;
}

test.each(photos)(
  'a progressive photo %s: cut inside one of its last scans it is refused',
  async (_, bytes) => {
    const scans = scansOf(bytes).slice(-4);
    expect(scans).toHaveLength(4);
    for (const [from, to] of scans)
      for (const part of [0, 0.1, 0.5, 0.9, 0.999]) {
        const cut = bytes.subarray(0, Math.floor(from + (to - from) * part));
        await expect(prepareImage(cut, input, codecs), `${from} to ${to}, ${part}`).rejects.toMatchObject({
          code: 'invalid_image',
          message: expect.stringMatching(/cut off|damaged/),
        });
      }
  },
);

test.each(photos)('a progressive photo %s: with only its end damaged it is read', async (_, bytes) => {
  const whole = await prepareImage(bytes, input, codecs);
  const trailer = Uint8Array.from({ length: 300 }, (_, i) => (i * 77) & 255);
  for (const end of [
    [],
    [0xff],
    [0, 0, 0x31, 0x0a, ...trailer],
    [0xff, 0xe9, 0, 9, 1],
    [0xff, 0xff, 0xc0, 0],
  ]) {
    const odd = Buffer.concat([bytes.subarray(0, -2), Uint8Array.from(end)]);
    expect(await prepareImage(new Uint8Array(odd), input, codecs), `${end.slice(0, 4)}`).toEqual(whole);
  }
});

test('a small one, of which a page lets its browser decode the rest: cut at any byte', () => {
  for (const name of ['progressive-420.jpg', 'progressive-444.jpg']) {
    const bytes = readFixture(`images/${name}`);
    const [from = 0, to = 0] = scansOf(bytes).at(-1) ?? [];
    const check = (cut: Uint8Array) =>
      withinBytes(() => finish(checkLastScan(cut, readHeader(cut).end as number)));
    check(bytes.subarray(0, to));
    for (let end = from; end < to; end++)
      expect(() => check(bytes.subarray(0, end)), `${end} of ${from} to ${to}`).toThrow(/cut off|damaged/);
  }
});

test('what would take too many passes to find the end of is refused before the first', async () => {
  const bytes = Buffer.from(await photo({ color_space: 1 }));
  const frame = bytes.indexOf('ffc2', 'hex');
  for (const at of [frame + 5, frame + 7]) bytes.writeUInt16BE(10_000, at);
  const last = bytes.lastIndexOf('ffda', 'hex');
  const before = bytes.subarray(bytes.lastIndexOf('ffda', last - 1, 'hex'), last);
  const many = Buffer.concat([bytes.subarray(0, last), ...Array(30).fill(before), bytes.subarray(last, -2)]);
  await expect(prepareImage(new Uint8Array(many), input, codecs)).rejects.toThrow('too many scans');
});

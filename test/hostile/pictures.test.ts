import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutate } from '../../scripts/harness/inputs/mutate.ts';
import { readFixture } from '../../scripts/harness/inputs/parity-fixtures.ts';
import { seededRandom } from '../../scripts/harness/inputs/random-vectors.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { rounds } from './form.ts';
import { hostilePictures } from './pictures.ts';
import { type Ask, attack, goodAnswer } from './server.ts';

let hosted: Hosted;
let before: string;
// Making them takes longer than a server keeps an idle connection.
const pictures = hostilePictures();
const ask: Ask = (path, init) => fetch(hosted.url + path, init);
beforeAll(async () => {
  hosted = await startHosted();
  before = await goodAnswer(ask);
});
afterAll(() => hosted?.stop());

const send = (body: Uint8Array<ArrayBuffer>, name: string) =>
  attack(ask, '/v1/classify', { method: 'POST', body }, name);
const fixture = (name: string) => new Uint8Array(readFixture(`images/${name}`));

test('pictures that are made to cost much, or to be taken for another thing', async () => {
  for (const { name, bytes, code } of pictures) {
    expect([name, (await send(bytes, name)).code]).toEqual([name, code]);
    expect(await goodAnswer(ask), name).toBe(before);
  }
}, 180_000);

test.each(['interlaced-tiny.png', 'grey.jpg'])('%s cut at every byte', async (name) => {
  const file = fixture(name);
  const whole = (await send(file, name)).text;
  const all = [...file.keys()];
  let read = 0;
  for (let at = 0; at < all.length; at += 8) {
    const some = all.slice(at, at + 8).map((end) => send(file.slice(0, end), `${end} bytes`));
    for (const { status, text } of await Promise.all(some)) {
      if (status >= 400) continue;
      // Every pixel is there, and only what follows them is not.
      expect(text).toBe(whole);
      read++;
    }
  }
  expect(read).toBeLessThanOrEqual(21);
  expect(await goodAnswer(ask)).toBe(before);
});

const names = [
  'quality-20.jpg',
  'progressive-420.jpg',
  'rgb.png',
  'interlaced-palette-4.png',
  'lossy-alpha.webp',
  'lossless.webp',
];

test.each(names)(
  '%s changed at random',
  async (name) => {
    const file = fixture(name);
    const random = seededRandom(names.indexOf(name));
    const unchanged = (await send(file, name)).text;
    for (let round = 0; round < rounds(2_000, 40); round += 4) {
      const mutants = Array.from({ length: 4 }, () => mutate(file, random));
      const answers = await Promise.all(mutants.map((mutant) => send(mutant, `round ${round}`)));
      // Checksums leave a PNG no way to be read as another picture.
      if (name.endsWith('.png'))
        for (const { status, text } of answers) if (status === 200) expect(text).toBe(unchanged);
    }
    expect(await goodAnswer(ask)).toBe(before);
  },
  600_000,
);

import { expect, test } from 'vitest';
import { mutate } from '../../scripts/harness/inputs/mutate.ts';
import { fixturePictures } from '../../scripts/harness/inputs/pictures.ts';
import { seededRandom } from '../../scripts/harness/inputs/random-vectors.ts';
import { UnlabelError } from '../../src/contract/errors.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../src/image/prepare.ts';
import { rounds } from './form.ts';

const input = { width: 32, height: 32 };
const files = (['png', 'jpg', 'webp'] as const).flatMap((type) => fixturePictures(type));

// The decoders in this process, where many more fit into a minute than over HTTP.
test('every picture changed at random is a picture or the caller’s fault, and spoils none after it', async () => {
  const expected = await Promise.all(files.map(({ bytes }) => prepareImage(bytes, input, codecs)));
  const random = seededRandom(8);
  let read = 0;
  const count = rounds(10_000, 600);
  for (let round = 0; round < count; round++) {
    const { name, bytes } = files[round % files.length] as (typeof files)[number];
    const mutant = mutate(bytes, random);
    try {
      expect(await prepareImage(mutant, input, codecs)).toHaveLength(32 * 32 * 3);
      read++;
    } catch (error) {
      const isRefusal = error instanceof UnlabelError && error.status >= 400 && error.status < 500;
      if (!isRefusal)
        throw new Error(`round ${round}, ${name}: ${Buffer.from(mutant).toString('base64')}`, {
          cause: error,
        });
    }
  }
  // Neither all nor none, or this would show nothing.
  expect(read).toBeGreaterThan(count / 50);
  expect(read).toBeLessThan(count / 2);
  expect(await Promise.all(files.map(({ bytes }) => prepareImage(bytes, input, codecs)))).toEqual(expected);
}, 600_000);

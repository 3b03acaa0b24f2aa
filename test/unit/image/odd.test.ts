import { expect, test } from 'vitest';
import { oddPictures } from '../../../scripts/harness/inputs/odd-pictures.ts';
import { codecs } from '../../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../../src/image/prepare.ts';

const pictures = oddPictures();

// Every viewer shows them.
test.each(pictures)('$name: is read as what it shows', async ({ bytes, right }) => {
  for (const input of [
    { width: 32, height: 32 },
    { width: 45, height: 30 },
  ])
    expect(await prepareImage(bytes, input, codecs)).toEqual(await prepareImage(right, input, codecs));
});

test('the same files, cut before their last block, are refused', async () => {
  const input = { width: 32, height: 32 };
  for (const { name, bytes, right } of pictures.filter(({ name }) => /end marker|IEND/.test(name))) {
    const cut = bytes.subarray(0, right.length - (bytes[0] === 0xff ? 12 : 60));
    await expect(prepareImage(cut, input, codecs), name).rejects.toMatchObject({ code: 'invalid_image' });
  }
});

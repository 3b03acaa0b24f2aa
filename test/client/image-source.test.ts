import { afterEach, expect, test, vi } from 'vitest';
import { createClient, type ImageSource, UnlabelApiError, UnlabelError } from '../../src/index.ts';
import { classifies, serve } from './serve.ts';

afterEach(() => vi.unstubAllGlobals());

const drawn: unknown[][] = [];
class Canvas {
  constructor(...size: number[]) {
    drawn.push(size);
  }
  getContext() {
    return {
      putImageData: (image: unknown) => drawn.push(['putImageData', image]),
      drawImage: (image: unknown) => drawn.push(['drawImage', image]),
    };
  }
  async convertToBlob() {
    return new Blob(['png'], { type: 'image/png' });
  }
}

async function failure(image: unknown) {
  const { url, received } = await serve(classifies);
  const error = await createClient({ url })
    .classify([new Blob(), image as ImageSource])
    .catch((error) => error);
  expect(received).toHaveLength(0);
  expect(error).toBeInstanceOf(UnlabelError);
  expect(error).not.toBeInstanceOf(UnlabelApiError);
  expect(error).toMatchObject({ code: 'invalid_image', field: 'images[1]' });
  return error.message;
}

test.each([['https://example.com/cat.jpg'], [null], [undefined], [7], [{}], [[]]])(
  '%j is no image',
  async (image) => {
    expect(await failure(image)).toBe('Cannot read the image: neither bytes nor drawable');
  },
);

test.each([
  ['an <img> on its way', { naturalWidth: 4, naturalHeight: 4, complete: false }],
  ['a broken <img>', { naturalWidth: 0, naturalHeight: 0, complete: true, width: 4, height: 4 }],
  ['a <video> without a frame', { videoWidth: 4, videoHeight: 4, readyState: 1 }],
  ['a closed ImageBitmap', { width: 0, height: 0 }],
  ['a closed VideoFrame', { displayWidth: 0, displayHeight: 0 }],
])('%s cannot be read', async (_, image) => {
  vi.stubGlobal('OffscreenCanvas', Canvas);
  expect(await failure(image)).toBe('Cannot read the image: not loaded, or closed');
});

test('without a canvas nothing can be drawn', async () => {
  expect(await failure({ width: 4, height: 4 })).toBe(
    'Cannot read the image: OffscreenCanvas is not defined',
  );
});

test.each([
  ['an ImageData', { width: 3, height: 2, data: [] }, 'putImageData'],
  ['an ImageBitmap or canvas', { width: 3, height: 2 }, 'drawImage'],
  ['an <img> by its own size', { naturalWidth: 3, naturalHeight: 2, complete: true, width: 9 }, 'drawImage'],
  ['a <video> by its own size', { videoWidth: 3, videoHeight: 2, readyState: 2, width: 0 }, 'drawImage'],
  ['a VideoFrame', { displayWidth: 3, displayHeight: 2 }, 'drawImage'],
])('%s is drawn', async (_, image, method) => {
  vi.stubGlobal('OffscreenCanvas', Canvas);
  drawn.length = 0;
  const { url, received } = await serve(classifies);
  await createClient({ url }).classify(image as ImageSource);
  expect(drawn).toEqual([
    [3, 2],
    [method, image],
  ]);
  expect(received[0]?.body.toString()).toBe('png');
});

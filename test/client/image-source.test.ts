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

/** What the page draws has a class of its own. */
class Drawn {
  constructor(members: object) {
    Object.assign(this, members);
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

test.each([
  [null, 'Null'],
  [undefined, 'Undefined'],
  [7, 'Number'],
  [{}, 'Object'],
  [[], 'Array'],
])('%j is no image', async (image, type) => {
  expect(await failure(image)).toBe(
    `Cannot read images[1]: expected bytes or something that a canvas can draw, got ${type}`,
  );
});

test.each([
  ['an <img> on its way', { naturalWidth: 4, naturalHeight: 4, complete: false }],
  ['a broken <img>', { naturalWidth: 0, naturalHeight: 0, complete: true, width: 4, height: 4 }],
  ['a <video> without a frame', { videoWidth: 4, videoHeight: 4, readyState: 1 }],
  ['a closed ImageBitmap', { width: 0, height: 0 }],
  ['a closed VideoFrame', { displayWidth: 0, displayHeight: 0 }],
])('%s cannot be read', async (_, image) => {
  vi.stubGlobal('OffscreenCanvas', Canvas);
  expect(await failure(new Drawn(image))).toBe('Cannot read images[1]: it is not loaded, or closed');
});

test.each([
  ['too short', 23],
  ['too long', 25],
  ['transferred to a Worker', 0],
])('an ImageData whose buffer is %s cannot be read', async (_, length) => {
  vi.stubGlobal('OffscreenCanvas', Canvas);
  expect(await failure(new Drawn({ width: 3, height: 2, data: new Uint8ClampedArray(length) }))).toBe(
    `Cannot read images[1]: expected 4 x 3 x 2 numbers as its pixels, got ${length}; was its buffer transferred?`,
  );
});

test('without a canvas nothing can be drawn', async () => {
  expect(await failure(new Drawn({ width: 4, height: 4 }))).toBe(
    'Cannot read images[1]: OffscreenCanvas is not defined',
  );
});

const size = { width: 3, height: 2 };
const frame = new Drawn({ displayWidth: 3, displayHeight: 2 });
test.each([
  ['an ImageData', { ...size, data: new Uint8ClampedArray(24) }, 'putImageData'],
  ['an ImageBitmap or canvas', size, 'drawImage'],
  ['an <img> by its own size', { naturalWidth: 3, naturalHeight: 2, complete: true, width: 9 }, 'drawImage'],
  ['a <video> by its own size', { videoWidth: 3, videoHeight: 2, readyState: 2, width: 0 }, 'drawImage'],
  ['a VideoFrame', { displayWidth: 3, displayHeight: 2, clone: () => frame }, 'drawImage'],
])('%s is drawn', async (_, members, method) => {
  vi.stubGlobal('OffscreenCanvas', Canvas);
  drawn.length = 0;
  const image = new Drawn(members);
  const { url, received } = await serve(classifies);
  // Without bitmaps, as Node is, the page's own object is drawn.
  await createClient({ url, upload: 'file' }).classify(image as ImageSource);
  const shown = 'clone' in members ? frame : image;
  expect(drawn).toEqual([
    [3, 2],
    [method, expect.objectContaining({ ...shown })],
  ]);
  expect(received[0]?.body.toString()).toBe('png');
});

test('pixels in a plain object are drawn, as they were when the call began', async () => {
  vi.stubGlobal('OffscreenCanvas', Canvas);
  drawn.length = 0;
  const { url } = await serve(classifies);
  const image = { ...size, data: new Uint8ClampedArray(24).fill(7) };
  const call = createClient({ url, upload: 'file' }).classify(image as ImageSource);
  image.data.fill(9);
  await call;
  expect(drawn[1]).toEqual(['putImageData', { ...size, data: new Uint8ClampedArray(24).fill(7) }]);
});

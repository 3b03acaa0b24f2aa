import { expect, test } from 'vitest';
import { readStream } from '../../../../src/util/fetch/read-stream.ts';

/** A stream of so many parts of 10 bytes, or without end; tells whether it was canceled. */
function streamOf(parts = Number.POSITIVE_INFINITY) {
  const seen = { canceled: false, sent: 0 };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (seen.sent++ < parts) controller.enqueue(new Uint8Array(10));
      else controller.close();
    },
    cancel() {
      seen.canceled = true;
    },
  });
  return { stream, seen };
}

test('a stream of at most so many bytes is read to its end', async () => {
  expect((await readStream(streamOf(3).stream, 30))?.size).toBe(30);
});

test('a longer one is canceled, and not read further', async () => {
  const { stream, seen } = streamOf();
  expect(await readStream(stream, 29)).toBeUndefined();
  expect(seen.canceled).toBe(true);
  expect(seen.sent).toBeLessThan(10);
});

test('an abort cancels a stream that gives nothing, with its reason', async () => {
  const seen = { canceled: false };
  const stream = new ReadableStream<Uint8Array>({
    cancel() {
      seen.canceled = true;
    },
  });
  const controller = new AbortController();
  const reading = readStream(stream, 10, controller.signal);
  const reason = new Error('the user left');
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
  expect(seen.canceled).toBe(true);
});

import { expect, test } from 'vitest';
import { memoryStore } from '../../../src/local/data/memory.ts';

const model = { name: 'm', version: '1.0.0', dimensions: 2 };
const row = (id: string, label: string, x = 1) => ({
  id,
  vector: Float32Array.of(x, 1),
  metadata: { label },
});

test('a collection counts its rows and labels, and keeps the order in which rows came', async () => {
  const store = memoryStore();
  const put = [row('a', 'cat'), row('b', 'dog'), row('c', 'cat')];
  const { before, after } = await store.write('classes', 'mine', { model, put });
  expect(before).toBeUndefined();
  expect(after).toMatchObject({
    count: 3,
    labels: [
      { label: 'cat', count: 2 },
      { label: 'dog', count: 1 },
    ],
  });

  // A row that is written again keeps its place, whatever its label is now.
  const second = await store.write('classes', 'mine', { put: [row('a', 'dog', 5), row('d', 'cat')] });
  expect(second.before?.revision).toBe(after?.revision);
  expect(second.after?.revision).not.toBe(after?.revision);
  expect(second.after?.labels).toEqual([
    { label: 'cat', count: 2 },
    { label: 'dog', count: 2 },
  ]);
  const { rows = [] } = (await store.read('classes', 'mine')) ?? {};
  expect(rows.map(({ id, metadata }) => `${id} ${metadata.label}`)).toEqual([
    'a dog',
    'b dog',
    'c cat',
    'd cat',
  ]);

  await store.write('classes', 'mine', { remove: ['b', 'a', 'none'] });
  expect((await store.about('classes', 'mine'))?.labels).toEqual([{ label: 'cat', count: 2 }]);
  await store.write('classes', 'mine', { remove: ['c', 'd'] });
  expect(await store.about('classes', 'mine')).toBeUndefined();
});

test('the last of two rows of one id in a write stays, and counts once', async () => {
  const store = memoryStore();
  const { after } = await store.write('vectors', 'n', { model, put: [row('a', 'cat'), row('a', 'dog')] });
  expect(after).toMatchObject({ count: 1, labels: [{ label: 'dog', count: 1 }] });
});

test('a write that its check refuses changes nothing', async () => {
  const store = memoryStore();
  await store.write('vectors', 'n', { model, put: [row('a', 'cat')] });
  const check = () => {
    throw new Error('no');
  };
  await expect(
    store.write('vectors', 'n', { put: [row('b', 'cat')], replace: true, model, check }),
  ).rejects.toThrow('no');
  expect((await store.read('vectors', 'n'))?.rows.map(({ id }) => id)).toEqual(['a']);
});

test('a replaced collection has the model and the rows of the write alone', async () => {
  const store = memoryStore();
  await store.write('vectors', 'n', { model, put: [row('a', 'cat'), row('b', 'cat')] });
  const other = { ...model, version: '2.0.0' };
  const { after } = await store.write('vectors', 'n', {
    model: other,
    put: [row('b', 'dog')],
    replace: true,
  });
  expect(after).toMatchObject({ model: other, count: 1, labels: [{ label: 'dog', count: 1 }] });
  expect((await store.read('vectors', 'n'))?.rows.map(({ id }) => id)).toEqual(['b']);
  await store.write('vectors', 'n', { replace: true });
  expect(await store.list('vectors')).toEqual([]);
});

import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { startHosted } from '../../../scripts/harness/servers/hosted.ts';
import { createClient } from '../../../src/index.ts';
import { createProject, type Project } from './project.ts';

let hosted: Awaited<ReturnType<typeof startHosted>>;
let project: Project;
beforeAll(async () => {
  [hosted, project] = await Promise.all([startHosted(), createProject()]);
});
afterAll(async () => {
  await hosted?.stop();
  await project?.remove();
});
afterEach(() => project.clear());

const picture = (seed: number) => drawPng(32, 32, (x, y) => [(x * seed) % 256, (y * 7) % 256, seed]);
const importTo = (namespace: string, ...more: string[]) =>
  project.run(['import', 'photos', '--url', hosted.url, '--namespace', namespace, ...more]);
const stored = async (namespace: string) => {
  const found: [string, unknown][] = [];
  const { vectors } = createClient({ url: hosted.url });
  for await (const { id, metadata } of vectors.list({ namespace })) found.push([id, metadata]);
  return found;
};

test('stores the pictures of all folders, and lists what is none, and what is broken', async () => {
  for (let i = 0; i < 40; i++) await project.write(`photos/${i % 2 ? 'cats' : 'dogs'}/${i}.png`, picture(i));
  const long = `photos/${'ä'.repeat(40)}.png`;
  await project.write(long, picture(41));
  await project.write('photos/top.jpg', picture(42));
  await project.write('photos/cats/broken.png', picture(3).subarray(0, 200));
  await project.write('photos/empty.png', '');
  await project.write('photos/huge.png', Buffer.concat([picture(1), new Uint8Array(9 * 1024 * 1024)]));
  await project.write('photos/notes.txt', 'not a picture');
  await project.write('photos/.hidden/secret.png', picture(50));
  await symlink('/etc/passwd', join(project.folder, 'photos/link.png'));

  const first = await importTo('pets', '--labels');
  expect(first.status).toBe(1);
  expect(first.out).toContain('photos: 42 stored, 0 stored before, 2 skipped, 3 failed');
  expect(first.out).toMatch(/skipped:\n {2}link\.png: A link, .*\n {2}notes\.txt: .*JPEG, PNG or WebP/);
  expect(first.out).toMatch(
    /failed:\n {2}empty\.png: .*empty\n {2}huge\.png: .*8388608.*\n {2}cats\/broken\.png: /,
  );
  expect(first.err).toContain('43 of 43 pictures, 3 failed');
  const all = await stored('pets');
  expect(all).toHaveLength(42);
  expect(all).toContainEqual(['cats/3.png', { path: 'cats/3.png', label: 'cats' }]);
  expect(all).toContainEqual(['top.jpg', { path: 'top.jpg' }]);
  expect(all).toContainEqual([expect.stringMatching(/^[0-9a-f]{64}$/), { path: long.slice(7) }]);

  await project.write('photos/cats/broken.png', picture(3));
  const again = await importTo('pets', '--labels');
  expect(again.out).toContain('photos: 1 stored, 42 stored before, 2 skipped, 2 failed');
  expect((await importTo('pets', '--replace')).out).toContain('43 stored, 0 stored before');
});

test('stops at a failure that is of no one picture, says what to do, and goes on from there', async () => {
  await project.write('photos/a.png', picture(1));
  const wrong = await importTo('pets', '--model', 'nobody');
  expect([wrong.status, wrong.err]).toEqual([1, expect.stringContaining('Stopped: There is no model')]);
  expect(wrong.err).toContain('run the same command again');
  const nowhere = await project.run(['import', 'photos', '--url', 'http://127.0.0.1:1']);
  expect([nowhere.status, nowhere.err]).toEqual([1, expect.stringContaining('127.0.0.1:1')]);
});

test.each([
  [['import'], 'Expected one folder'],
  [['import', 'photos'], '--url: expected the address'],
  [['import', 'nowhere', '--url', 'http://localhost'], 'There is no folder nowhere'],
  [['import', 'photos', '--url', 'http://localhost', '--nonsense'], "Unknown option '--nonsense'"],
])('%j is refused', async (args, message) => {
  await project.write('photos/a.png', picture(1));
  expect(await project.run(args, { UNLABEL_URL: '' })).toMatchObject({
    status: 2,
    err: expect.stringContaining(message),
  });
});

test('the address and the key may come from the environment', async () => {
  await project.write('photos/a.png', picture(1));
  const { status } = await project.run(['import', 'photos', '--namespace', 'environment'], {
    UNLABEL_URL: hosted.url,
    UNLABEL_API_KEY: 'key',
  });
  expect(status).toBe(0);
  expect(await stored('environment')).toHaveLength(1);
});

import type { Page } from 'playwright-core';
import type { ClassCollection, Engine, ImageSource, VectorCollection, Watching } from '../../src/local.ts';
import type { Site } from '../browser/site.ts';
import { type Realm, startProcess } from './process.ts';

/** Every implementation of the interface, by name. */
export const engineNames = ['hosted', 'local', 'local without a Worker', 'automatic', 'node'] as const;
export type EngineName = (typeof engineNames)[number];

// An interface, which TypeScript resolves late: the type of an image looks at all that is global.
interface Tested extends Engine<ImageSource>, Watching<ImageSource> {
  classes: ClassCollection<ImageSource>;
  vectors: VectorCollection<ImageSource>;
}

declare global {
  var tested: Tested;
  /** Files of the test, in the page. */
  var pictures: Record<'one' | 'other' | 'broken', Uint8Array<ArrayBuffer>> &
    Record<string, Uint8Array<ArrayBuffer>>;
}

/** Opens the place of an engine. */
export async function openRealm(site: Site, name: EngineName): Promise<Realm> {
  if (name === 'node') return startProcess();
  const page = await site.open();
  return { evaluate: page.evaluate.bind(page) as Page['evaluate'], close: () => page.context().close() };
}

/** Makes an engine in its place, and waits until it can answer in its own way. */
export function startEngine(realm: Realm, name: EngineName, url: string, files: Record<string, string>) {
  return realm.evaluate(
    async ({ name, url, files }) => {
      const hosted = unlabel.createClient({ url, model: 'cifar10', maxRetries: 0 });
      const createLocal = (worker: boolean) =>
        unlabel.createLocalEngine<string>({ model: 'cifar10', baseUrl: url, device: 'wasm', worker });
      const create: Record<typeof name, () => Promise<Tested>> = {
        hosted: async () => hosted as Tested,
        local: async () => createLocal(true),
        'local without a Worker': async () => createLocal(false),
        automatic: async () => {
          const local = createLocal(true);
          await local.ready;
          return unlabel.createEngine<string>({ hosted, local });
        },
        node: async () => createLocal(false),
      };
      globalThis.tested = await create[name]();
      globalThis.pictures = Object.fromEntries(
        Object.entries(files).map(([key, file]) => [key, unlabel.bytesOf(file)]),
      ) as typeof globalThis.pictures;
    },
    { name, url, files },
  );
}

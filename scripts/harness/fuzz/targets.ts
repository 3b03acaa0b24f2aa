import type { Target } from './target.ts';

/** A target that is imported after counting has started. */
interface Lazy {
  /** Matches the modules whose blocks guide the fuzzer. */
  sources: RegExp;
  /** Its share of the time. */
  share: number;
  /** MB of its heap. @default that of Node */
  heapMb?: number;
  /** See {@link TimeBounds}. */
  maxBlockMs?: number;
  load(): Promise<Target>;
}

export type TargetName = 'header' | 'picture' | 'blocks' | 'api' | 'index' | 'keys';

/** All targets, by name. */
export const targets: Record<TargetName, Lazy> = {
  header: {
    sources: /\/src\/(image|util)\//,
    share: 1,
    load: async () => (await import('./targets/header.ts')).header,
  },
  picture: {
    sources: /\/src\/(image|util)\//,
    share: 3,
    load: async () => (await import('./targets/picture.ts')).picture,
  },
  blocks: {
    sources: /\/src\/image\/(jpeg|fit|resize|orient)/,
    share: 2,
    load: async () => (await import('./targets/blocks.ts')).blocks,
  },
  api: {
    sources: /\/src\/(server|contract|vectors|inference|util)\//,
    share: 4,
    // What a Worker has, and what other requests may wait for it.
    heapMb: 128,
    maxBlockMs: 250,
    load: async () => (await import('./targets/api.ts')).api,
  },
  index: {
    sources: /\/src\/vectors\//,
    share: 1,
    load: async () => (await import('./targets/index-file.ts')).indexFile,
  },
  keys: {
    sources: /\/src\/server\/keys\.ts/,
    share: 0.5,
    load: async () => (await import('./targets/keys.ts')).keys,
  },
};

export const targetNames = Object.keys(targets) as TargetName[];

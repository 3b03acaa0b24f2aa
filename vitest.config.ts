import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// A busy machine may take seconds for what is asked again and again.
const expect = { poll: { timeout: 30_000 } };

export default defineConfig({
  test: {
    projects: [
      {
        // Plain Node: rooms without a platform, and programs that talk to a server.
        test: {
          name: 'node',
          include: ['test/{unit,client,server,parity,types}/**/*.test.ts'],
          expect,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Attacks; their long form is `npm run test:hostile`.
        test: {
          name: 'hostile',
          include: ['test/hostile/**/*.test.ts'],
          expect,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // A real browser against a real server.
        test: {
          name: 'browser',
          include: ['test/{browser,engine}/**/*.test.ts'],
          expect,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Inside workerd, against the Worker of wrangler.toml.
        plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.toml' } })],
        test: { name: 'worker', include: ['test/worker/*.test.ts'], expect, testTimeout: 60_000 },
      },
      {
        // Inside workerd, mounted in a Worker of one's own.
        plugins: [cloudflareTest({ wrangler: { configPath: './test/worker/mounted/wrangler.toml' } })],
        test: { name: 'mounted', include: ['test/worker/mounted/*.test.ts'], expect, testTimeout: 60_000 },
      },
    ],
  },
});

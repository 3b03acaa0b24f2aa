import { next } from './next.ts';
import { html, type MakeProject, script } from './project.ts';
import { svelteKit } from './svelte-kit.ts';

const vite =
  (major: number, isBuilt: boolean): MakeProject =>
  (deployment) => ({
    files: {
      'index.html': html('/main.js'),
      'main.js': script(deployment),
    },
    dependencies: { vite: `^${major}` },
    ...(isBuilt
      ? { build: ['vite', 'build', '--logLevel', 'warn'], serve: 'dist' }
      : { serve: ['vite', '--port', 'PORT', '--strictPort', '--host', '127.0.0.1'] }),
  });

const webpack: MakeProject = (deployment) => ({
  files: {
    'src/index.js': script(deployment),
    'dist/index.html': html('main.js'),
  },
  dependencies: { webpack: '^5', 'webpack-cli': '>=6' },
  build: ['webpack', '--mode', 'production'],
  serve: 'dist',
});

/** By name. */
export const projects: Record<string, MakeProject> = {
  ...Object.fromEntries(
    [5, 6, 7, 8].flatMap((major) => [
      [`vite-${major}`, vite(major, true)],
      [`vite-${major}-dev`, vite(major, false)],
    ]),
  ),
  webpack,
  'next-turbopack': next('--turbopack'),
  'next-webpack': next('--webpack'),
  'svelte-kit': svelteKit,
};

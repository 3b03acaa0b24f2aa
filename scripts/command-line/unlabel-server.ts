#!/usr/bin/env node
/** The command line of the package `unlabel-server`. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npx unlabel-server',
  'Makes, serves and deploys a Worker with Unlabel, and fills it with pictures.',
  {
    init: {
      load: () => import('./init.ts'),
      summary: 'writes a small project: a Worker, and its configuration',
    },
    dev: { load: () => import('./dev.ts'), summary: 'serves the Worker on this machine' },
    keys: { load: () => import('../deploy/keys.ts'), summary: 'makes, lists and revokes API keys' },
    assets: {
      load: () => import('./assets.ts'),
      summary: 'gathers the static assets: those of the package, your own files and models',
    },
    deploy: { load: () => import('../deploy/deploy.ts'), summary: 'deploys the Worker with its keys' },
    import: { load: () => import('./import.ts'), summary: 'stores the pictures of a folder, to be searched' },
  },
);

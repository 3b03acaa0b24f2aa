/** Checks what would be published and deployed, beyond the tests. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand('npm run check --', 'Checks what would be published and deployed, beyond the tests.', {
  package: {
    load: () => import('./package.ts'),
    summary: 'builds the package, and checks its exports and types for every module system',
  },
  examples: {
    load: () => import('./examples.ts'),
    summary: 'installs the built package in each project of examples/, and classifies a picture with it',
  },
  matrix: {
    load: () => import('./matrix.ts'),
    summary: 'makes a project with each bundler and framework, and classifies a picture with its page',
  },
  deploy: {
    load: () => import('./deploy.ts'),
    summary: "bundles every environment of wrangler.toml, and compares it with the platform's limits",
  },
});

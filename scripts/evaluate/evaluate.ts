/** Measures a model on folders of labeled images. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run evaluate --',
  'Measures a model on folders of labeled images.',
  {
    classify: {
      file: new URL('classify.ts', import.meta.url),
      summary: 'accuracy and confusion of the classes, as a file or a deployment answers',
    },
    search: {
      file: new URL('search.ts', import.meta.url),
      summary: 'accuracy of lookups: by the nearest vectors, and by a few pictures of each class',
    },
  },
  'classify',
);

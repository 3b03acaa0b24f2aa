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
    reduced: {
      file: new URL('reduced.ts', import.meta.url),
      summary: 'answers to large JPEGs by their DC coefficients, beside those to all of their pixels',
    },
    search: {
      file: new URL('search.ts', import.meta.url),
      summary: 'accuracy of lookups: by the nearest vectors, and by a few pictures of each class',
    },
  },
  'classify',
);

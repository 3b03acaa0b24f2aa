/** Measures a model on folders of labeled images. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run evaluate --',
  'Measures a model on folders of labeled images.',
  {
    classify: {
      load: () => import('./classify.ts'),
      summary: 'accuracy and confusion of the classes, as a file or a deployment answers',
    },
    reduced: {
      load: () => import('./reduced.ts'),
      summary: 'answers to large JPEGs by their DC coefficients, beside those to all of their pixels',
    },
    search: {
      load: () => import('./search.ts'),
      summary: 'accuracy of lookups: by the nearest vectors, and by a few pictures of each class',
    },
    unknown: {
      load: () => import('./unknown.ts'),
      summary: 'how well images of none of the classes are told apart',
    },
  },
  'classify',
);

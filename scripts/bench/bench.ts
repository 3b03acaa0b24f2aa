/** Measures what answers and searches cost. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run bench --',
  'Measures what answers and searches cost on this machine.',
  {
    answers: {
      load: () => import('./answers.ts'),
      summary: 'time, bytes and memory of answers, beside other libraries; writes BENCHMARKS.md',
    },
    search: {
      load: () => import('./search.ts'),
      summary: 'exactness, time and memory of the vector search; prints them',
    },
    naming: {
      load: () => import('./naming.ts'),
      summary: 'how fast the page that names classes opens, and the memory of the browser; prints them',
    },
  },
  'answers',
);

/** Measures what answers and searches cost. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run bench --',
  'Measures what answers and searches cost on this machine.',
  {
    answers: {
      file: new URL('answers.ts', import.meta.url),
      summary: 'time, bytes and memory of answers, beside other libraries; writes BENCHMARKS.md',
    },
    search: {
      file: new URL('search.ts', import.meta.url),
      summary: 'exactness, time and memory of the vector search; prints them',
    },
  },
  'answers',
);

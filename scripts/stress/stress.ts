/** Attacks, loads and crashes a server on this machine. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run stress --',
  'Attacks, loads and crashes a server on this machine; npm test has a short form of each.\n' +
    'With --record, a command writes its result into SECURITY.md.',
  {
    soak: {
      load: () => import('./soak.ts'),
      summary: 'answers, times and memory under 10,000 requests, slow uploads and broken ones (30 min)',
    },
    chaos: {
      load: () => import('./chaos.ts'),
      summary: 'kills workerd in the middle of writes, and looks for every acknowledged vector (20 min)',
    },
    fuzz: {
      load: () => import('./fuzz.ts'),
      summary: 'searches for inputs that the readers of untrusted bytes mistreat (10 min)',
    },
    worst: {
      load: () => import('./worst.ts'),
      summary: 'measures time, memory and delay of the worst bodies that are accepted (3 min)',
    },
    hostile: {
      load: () => import('./hostile.ts'),
      summary: 'sends 140,000 damaged pictures and bodies; all get a documented answer within 2 s (20 min)',
    },
  },
);

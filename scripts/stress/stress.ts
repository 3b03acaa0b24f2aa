/** Attacks, loads and crashes a server on this machine. See `--help`. */
import { runSubcommand } from '../harness/command.ts';

await runSubcommand(
  'npm run stress --',
  'Attacks, loads and crashes a server on this machine; npm test has a short form of each.\n' +
    'With --record, a command writes its result into SECURITY.md.',
  {
    soak: {
      file: new URL('soak.ts', import.meta.url),
      summary: 'answers, times and memory under 10,000 requests, slow uploads and broken ones (30 min)',
    },
    chaos: {
      file: new URL('chaos.ts', import.meta.url),
      summary: 'kills workerd in the middle of writes, and looks for every acknowledged vector (20 min)',
    },
    fuzz: {
      file: new URL('fuzz.ts', import.meta.url),
      summary: 'searches for inputs that the readers of untrusted bytes mistreat (10 min)',
    },
    hostile: {
      file: new URL('hostile.ts', import.meta.url),
      summary: 'sends 140,000 damaged pictures and bodies; all get a documented answer within 2 s (20 min)',
    },
  },
);

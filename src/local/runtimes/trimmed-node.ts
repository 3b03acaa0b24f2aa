import { version } from '../../../dist/runtime/version.js';
import type { RuntimeBuild, RuntimeCode } from './build.ts';

const code: RuntimeCode = {
  startWorker() {
    throw new Error('A process runs the network in its own thread');
  },
  importHost: () => import('./host-trimmed-node.ts'),
};

/** The trimmed runtime in the thread of a process. */
export const trimmed: RuntimeBuild<'trimmed'> = { name: 'trimmed', version, code: () => code };

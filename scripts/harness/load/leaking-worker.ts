import worker from '../../../src/worker.ts';

export { ClassSets, VectorNamespace } from '../../../src/worker.ts';

const kept: Uint8Array[] = [];

/** The deployment with a leak of 100 kB per request, which a soak test must find. */
export default {
  fetch(...args: Parameters<typeof worker.fetch>) {
    kept.push(new Uint8Array(100_000).fill(1));
    return worker.fetch(...args);
  },
};

import { UnlabelError } from '../../contract/errors.ts';
import { pageLimits } from '../limits.ts';

/**
 * The number of Workers that an engine may have on this machine.
 * @throws UnlabelError `invalid_parameter`.
 */
export function countWorkers(workers: number | 'auto'): number {
  const { workers: most, autoWorkers, workerGigabytes, unknownGigabytes } = pageLimits;
  if (workers === 'auto') {
    const { hardwareConcurrency = 1, deviceMemory = unknownGigabytes }: Machine = globalThis.navigator ?? {};
    return Math.max(
      1,
      Math.min(autoWorkers, hardwareConcurrency, Math.floor(deviceMemory / workerGigabytes)),
    );
  }
  if (Number.isInteger(workers) && workers >= 1 && workers <= most) return workers;
  throw new UnlabelError(
    'invalid_parameter',
    `workers must be 'auto' or a whole number from 1 to ${most}, got ${workers}`,
    { field: 'workers' },
  );
}

/** What a browser tells of the machine; `deviceMemory`, in gigabytes, is Chromium's alone. */
interface Machine {
  hardwareConcurrency?: number;
  deviceMemory?: number;
}

import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { lanes } from './scan-module.ts';

/** @throws UnlabelError `quota_exceeded` where a namespace of `before` vectors cannot have `after`. */
export function checkRoom(dimensions: number, before: number, after: number, quota?: number): void {
  const capacity = Math.floor(limits.namespaceNumbers / (Math.ceil(dimensions / lanes) * lanes));
  const refuse = (detail: string) => {
    throw new UnlabelError('quota_exceeded', detail, { field: 'vectors' });
  };
  if (after > capacity) refuse(`A namespace holds at most ${capacity} vectors of ${dimensions} dimensions`);
  // Other keys may have filled it beyond the quota: replacements still work.
  if (quota !== undefined && after > before && after > quota)
    refuse(`With this API key a namespace can be filled up to ${quota} vectors`);
}

import { fitImage } from '../../image/fit-web.ts';
import { trimmedRuntime } from '../../inference/runtime/runtime-trimmed-web.ts';
import { createHost as create, type Host } from '../host/host.ts';

/** A host of its own for each engine. */
export const createHost = (): Host => create(trimmedRuntime, fitImage);

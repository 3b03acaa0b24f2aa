import { fitImage } from '../../image/fit-web.ts';
import { stockRuntime } from '../../inference/runtime/runtime-stock-web.ts';
import { createHost as create, type Host } from '../host/host.ts';

/** A host of its own for each engine. */
export const createHost = (): Host => create(stockRuntime, fitImage);

import { stockRuntime } from '../../inference/runtime/runtime-stock-web.ts';
import { createHost } from './host.ts';

export const host = createHost(stockRuntime);

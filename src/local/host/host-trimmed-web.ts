import { trimmedRuntime } from '../../inference/runtime/runtime-trimmed-web.ts';
import { createHost } from './host.ts';

export const host = createHost(trimmedRuntime);

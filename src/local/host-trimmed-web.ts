import { trimmedRuntime } from '../inference/runtime-trimmed-web.ts';
import { createHost } from './host.ts';

export const host = createHost(trimmedRuntime);

export { createApp, type WorkerOptions } from './server/app-workerd.ts';
export type { App, Bindings } from './server/environment.ts';
export type { LogLine } from './server/middleware/log.ts';
export { ClassSets, VectorNamespace } from './vectors/durable-workerd.ts';

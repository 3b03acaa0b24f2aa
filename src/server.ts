export type { AppOptions } from './server/app.ts';
export { createApp, type WorkerOptions } from './server/app-workerd.ts';
export type { App } from './server/environment.ts';
export type { LogLine } from './server/middleware/log.ts';
export type { Bindings } from './server/platform.ts';
export { ClassSets, VectorNamespace } from './vectors/durable-workerd.ts';

export { createApp, type WorkerOptions } from './server/app-workerd.ts';
export type { App, Bindings } from './server/environment.ts';

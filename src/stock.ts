export type { RuntimeBuild } from './local/runtimes/build.ts';
export { stock } from './local/runtimes/stock-web.ts';

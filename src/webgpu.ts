export type { RuntimeBuild } from './local/runtimes/build.ts';
export { webgpu } from './local/runtimes/webgpu-web.ts';

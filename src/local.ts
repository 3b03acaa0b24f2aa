export type * from './contract/engine.ts';
export type { ErrorCode } from './contract/errors.ts';
export { UnlabelError } from './contract/errors.ts';
export type { ImageSource } from './contract/image-source.ts';
export type { Manifest, ModelFile, Precision } from './contract/manifest.ts';
export type * from './contract/model.ts';
export type * from './contract/resources/classes.ts';
export type * from './contract/resources/vectors.ts';
export type { Moving, Watching, WatchOptions } from './contract/resources/watch.ts';
export type * from './contract/vectors.ts';
export type { ClassSetItem as ClassSet } from './contract/wire.ts';
export { type AutomaticEngine, type AutomaticOptions, createEngine } from './local/automatic.ts';
export type { ClassTarget, LocalClasses, LocalVectors } from './local/data/interface.ts';
export { createLocalEngine } from './local/engine.ts';
export type { LocalEngine, LocalOptions, Progress } from './local/options.ts';
export type { RuntimeBuild } from './local/runtimes/build.ts';
export {
  createEngineStore,
  type EngineState,
  type EngineStore,
  type StoreOptions,
} from './local/store/engine-store.ts';

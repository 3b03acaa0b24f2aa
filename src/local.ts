export type * from './contract/engine.ts';
export type { ErrorCode } from './contract/errors.ts';
export { UnlabelError } from './contract/errors.ts';
export type { ImageSource } from './contract/image-source.ts';
export type { Manifest, ModelFile, Precision } from './contract/manifest.ts';
export type * from './contract/vectors.ts';
export { type AutomaticEngine, type AutomaticOptions, createEngine } from './local/automatic.ts';
export { createLocalEngine } from './local/engine.ts';
export type { LocalEngine, LocalOptions, Progress } from './local/options.ts';

export { type Client, type ClientOptions, createClient } from './client/client.ts';
export * from './client/errors.ts';
export type { ConnectionOptions, Fetch, RequestOptions } from './client/request.ts';
export type { Models } from './client/resources/models.ts';
export type * from './contract/engine.ts';
export { type ErrorCode, type Problem, UnlabelError } from './contract/errors.ts';
export type { ImageSource } from './contract/image-source.ts';
export type { Manifest, ModelFile, Precision } from './contract/manifest.ts';
export type { ModelList } from './contract/wire.ts';

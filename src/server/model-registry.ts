import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { Manifest } from '../contract/manifest.ts';
import { fileOf, parseManifest } from '../inference/manifest.ts';
import { Model } from '../inference/model.ts';
import type { OwnAssets } from './assets.ts';
import type { Platform } from './platform.ts';

/** A model that is loaded or loading. */
interface Loaded {
  model: Promise<Model>;
  /** Bytes of its weights. */
  bytes: number;
  /** Requests that are using it. */
  users: number;
}

/**
 * The models of a deployment: every folder below `models/` of its static assets, loaded on first use. Releases the least
 * recently used ones where their weights would exceed `limits.loadedWeightBytes`.
 */
export class ModelRegistry {
  readonly #platform: Platform;
  readonly #assets: OwnAssets;
  readonly #preferred: string | undefined;
  /** By name, the most recently used last. */
  readonly #loaded = new Map<string, Loaded>();

  /** @param preferred - name of the default model. Default: the first by name. */
  constructor(platform: Platform, assets: OwnAssets, preferred?: string) {
    this.#platform = platform;
    this.#assets = assets;
    this.#preferred = preferred;
  }

  /** Names of all models, sorted. */
  async names(): Promise<string[]> {
    const index = (await (await this.file('index.json')).json()) as { models: string[] };
    return index.models;
  }

  /** Name of the model that answers where a request names none. */
  async defaultName(): Promise<string> {
    const name = this.#preferred ?? (await this.names())[0];
    if (name === undefined) throw new UnlabelError('model_unavailable', 'This deployment has no models');
    return name;
  }

  /** @throws UnlabelError `model_not_found`. */
  async manifest(name: string): Promise<Manifest> {
    await this.#checkName(name);
    return parseManifest(await (await this.file(name, 'manifest.json')).text());
  }

  /**
   * Runs a task with a model, and releases the model no earlier than the task ends. Concurrent first calls share one
   * load; a failed load is tried again, and so is one whose runtime has failed since.
   * @param name - default: the default model.
   * @param task - has read its request before: a slow sender would keep the model loaded.
   * @throws UnlabelError `model_not_found` or `model_unavailable`.
   */
  async use<Result>(name: string | undefined, task: (model: Model) => Promise<Result>): Promise<Result> {
    const work = this.#use(name ?? (await this.defaultName()), task);
    // A caller who disconnects must neither cancel a load that others wait for, nor leave the model in use forever.
    // Awaiting callers get the error.
    this.#platform.waitUntil?.(work.catch(() => undefined));
    return work;
  }

  /**
   * A file below `models/`, as the assets answer it.
   * @param path - names of the folder and of the file.
   * @throws UnlabelError `model_unavailable` where it is missing.
   */
  async file(...path: string[]): Promise<Response> {
    const response = await this.#assets(['models', ...path]);
    if (!response?.ok)
      throw new UnlabelError(
        'model_unavailable',
        `A file of the model is missing from this deployment: ${path.join('/')}`,
      );
    return response;
  }

  async #use<Result>(name: string, task: (model: Model) => Promise<Result>): Promise<Result> {
    // Another request may load it while this one reads the manifest.
    const bytes = this.#loaded.has(name) ? 0 : fileOf(await this.manifest(name), 'int8').bytes;
    const loaded = this.#loaded.get(name) ?? this.#load(name, bytes);
    loaded.users++;
    this.#loaded.delete(name);
    this.#loaded.set(name, loaded);
    this.#evict();
    try {
      const model = await loaded.model;
      if (!model.broken) return await task(model);
    } finally {
      loaded.users--;
      this.#evict();
    }
    if (this.#loaded.get(name) === loaded) this.#loaded.delete(name);
    return this.#use(name, task);
  }

  #load(name: string, bytes: number): Loaded {
    const model = Model.load({ read: (file) => this.#read(name, file) }, this.#platform.runtime);
    model.catch(() => this.#loaded.delete(name));
    return { model, bytes, users: 0 };
  }

  /** Releases unused models, the least recently used first, until the rest fits; never the most recent one. */
  #evict(): void {
    const all = [...this.#loaded];
    let bytes = all.reduce((sum, [, loaded]) => sum + loaded.bytes, 0);
    for (const [name, loaded] of all.slice(0, -1)) {
      if (bytes <= limits.loadedWeightBytes) return;
      if (loaded.users > 0) continue;
      this.#loaded.delete(name);
      bytes -= loaded.bytes;
      void loaded.model.then((model) => model.release());
    }
  }

  async #read(name: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await (await this.file(name, file)).arrayBuffer());
  }

  async #checkName(name: string): Promise<void> {
    const names = await this.names();
    if (!names.includes(name))
      throw new UnlabelError(
        'model_not_found',
        `There is no model of that name; there are: ${names.join(', ')}`,
        {
          field: 'model',
        },
      );
  }
}

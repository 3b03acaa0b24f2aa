import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { Manifest } from '../contract/manifest.ts';
import { fileOf, parseManifest } from '../inference/manifest.ts';
import { Model } from '../inference/model.ts';
import type { Bindings, Platform } from './environment.ts';

/** A model that is loaded, or loads. */
interface Kept {
  model: Promise<Model>;
  /** Size of its weights. */
  bytes: number;
  /** Requests that use it now. */
  users: number;
}

/**
 * The models of a deployment: every folder below `models/` of its static assets, loaded when first asked for. The
 * least recently used ones are released where all would be more than `limits.keptWeightBytes`.
 */
export class ModelRegistry {
  readonly #platform: Platform;
  readonly #assets: Bindings['ASSETS'];
  readonly #preferred: string | undefined;
  /** By name, the last used last. */
  readonly #kept = new Map<string, Kept>();

  /** @param preferred - name of the default model; the first by name where absent. */
  constructor(platform: Platform, assets: Bindings['ASSETS'], preferred?: string) {
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
    await this.#check(name);
    return parseManifest(await (await this.file(`${name}/manifest.json`)).text());
  }

  /**
   * Does a task with a model, which is not released before the task ends. Concurrent first calls share one load; a
   * load that failed is tried again, and so is one whose runtime has failed since.
   * @param name - default: the default model.
   * @param task - has read the request before: a caller who is slow to send would keep the model from others.
   * @throws UnlabelError `model_not_found` or `model_unavailable`.
   */
  async use<Result>(name: string | undefined, task: (model: Model) => Promise<Result>): Promise<Result> {
    const work = this.#use(name ?? (await this.defaultName()), task);
    // Errors are for those who await it. A caller who leaves must not take along a load that others wait for, nor
    // leave the model in use for ever.
    this.#platform.waitUntil?.(work.catch(() => undefined));
    return work;
  }

  /**
   * A file below `models/`, as the assets answer it.
   * @throws UnlabelError `model_unavailable` where it is missing.
   */
  async file(path: string): Promise<Response> {
    const response = await this.#assets.fetch(new Request(`https://assets.invalid/models/${path}`));
    if (!response.ok)
      throw new UnlabelError(
        'model_unavailable',
        `A file of the model is missing from this deployment: ${path}`,
      );
    return response;
  }

  async #use<Result>(name: string, task: (model: Model) => Promise<Result>): Promise<Result> {
    // Another request may open it while this one reads the manifest.
    const bytes = this.#kept.has(name) ? 0 : fileOf(await this.manifest(name), 'int8').bytes;
    const kept = this.#kept.get(name) ?? this.#open(name, bytes);
    kept.users++;
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    this.#makeRoom();
    try {
      const model = await kept.model;
      if (!model.broken) return await task(model);
    } finally {
      kept.users--;
      this.#makeRoom();
    }
    if (this.#kept.get(name) === kept) this.#kept.delete(name);
    return this.#use(name, task);
  }

  #open(name: string, bytes: number): Kept {
    const model = Model.load({ read: (file) => this.#read(name, file) }, this.#platform.runtime);
    model.catch(() => this.#kept.delete(name));
    return { model, bytes, users: 0 };
  }

  /** Releases models that nobody uses, the least recently used first, until the rest fits; never the last used one. */
  #makeRoom(): void {
    const all = [...this.#kept];
    let bytes = all.reduce((sum, [, kept]) => sum + kept.bytes, 0);
    for (const [name, kept] of all.slice(0, -1)) {
      if (bytes <= limits.keptWeightBytes) return;
      if (kept.users > 0) continue;
      this.#kept.delete(name);
      bytes -= kept.bytes;
      void kept.model.then((model) => model.release());
    }
  }

  async #read(name: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await (await this.file(`${name}/${file}`)).arrayBuffer());
  }

  async #check(name: string): Promise<void> {
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

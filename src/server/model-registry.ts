import { UnlabelError } from '../contract/errors.ts';
import type { Manifest } from '../contract/manifest.ts';
import { parseManifest } from '../inference/manifest.ts';
import { Model } from '../inference/model.ts';
import { singleFlight } from '../inference/single-flight.ts';
import type { Bindings, Platform } from './environment.ts';

/** The models of a deployment: every folder below `models/` of its static assets, loaded when first asked for. */
export class ModelRegistry {
  readonly #platform: Platform;
  readonly #assets: Bindings['ASSETS'];
  readonly #preferred: string | undefined;
  readonly #loaded = new Map<string, () => Promise<Model>>();

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
   * The model, ready to run. Concurrent first calls share one load; a load that failed is tried again, and so is one
   * whose runtime has failed since.
   * @throws UnlabelError `model_not_found` or `model_unavailable`.
   */
  async model(name?: string): Promise<Model> {
    const key = name ?? (await this.defaultName());
    let load = this.#loaded.get(key);
    if (!load) {
      await this.#check(key);
      load = this.#loaded.get(key) ?? singleFlight(() => this.#load(key));
      this.#loaded.set(key, load);
    }
    const model = await load();
    if (!model.broken) return model;
    if (this.#loaded.get(key) === load) this.#loaded.delete(key);
    return this.model(key);
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

  #load(name: string): Promise<Model> {
    const loading = Model.load({ read: (file) => this.#read(name, file) }, this.#platform.runtime);
    // A failure is for those who await it; the request that began the load may be gone.
    this.#platform.waitUntil?.(loading.catch(() => undefined));
    return loading;
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

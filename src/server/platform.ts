import type { Codecs } from '../image/codecs/codecs.ts';
import type { Runtime } from '../inference/runtime/runtime.ts';
import type { ClassSetsStub } from '../vectors/classes/class-sets.ts';
import type { NamespaceStub } from '../vectors/durable.ts';
import type { ObjectBinding } from '../vectors/rpc.ts';
import type { VectorizeBinding } from '../vectors/vectorize/store.ts';

/** What the deployment binds, see `wrangler.toml`. */
export interface Bindings {
  /** Static assets: `models/`, `runtime/` and `pages/`, at the top or in the folder that `createApp` is told. */
  ASSETS: { fetch(request: Request): Promise<Response> };
  /** Name of the model that answers where a request names none. Default: the first by name. */
  DEFAULT_MODEL?: string;
  /**
   * API keys that may call `/v1`, see `parseKeys`; `npm run keys` writes it. Without it the API is open: anybody may read,
   * and this machine may write.
   */
  API_KEY_HASHES?: string;
  /** Who may write to an open API: `true` for anybody, `false` for nobody. Default: this machine, as under `npm start`. */
  ALLOW_OPEN_WRITES?: string;
  /** Origins whose pages may call the API, separated by spaces, where `createApp` is not told. Default: all. */
  ALLOWED_ORIGINS?: string;
  /** Rate limit of each key, and of each address without one. Default: none. */
  RATE_LIMIT?: { limit(options: { key: string }): Promise<{ success: boolean }> };
  /** Dataset of Analytics Engine: route as index; method, route and error code; status and milliseconds. */
  ANALYTICS?: { writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void };
  /** Where vectors are stored: in `VECTORS` or in `VECTORIZE`. Default: `durable`. */
  VECTOR_STORE?: 'durable' | 'vectorize';
  /** Durable Objects of the class `VectorNamespace`. */
  VECTORS?: ObjectBinding<NamespaceStub>;
  /** A Vectorize index with the metric cosine. */
  VECTORIZE?: VectorizeBinding;
  /** Durable Objects of the class `ClassSets`. */
  CLASSES?: ObjectBinding<ClassSetsStub>;
}

/** What the platform provides: one set for workerd, one for Node. */
export interface Platform {
  runtime: Runtime;
  codecs: Codecs;
  /**
   * Lets work outlive the request that started it. workerd cancels a request's work when its caller disconnects, but
   * other callers may wait for a model that it loads. Default: the platform never cancels work.
   */
  waitUntil?: (work: Promise<unknown>) => void;
}

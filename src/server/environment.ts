import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { RequestIdVariables } from 'hono/request-id';
import type { Codecs } from '../image/codecs/codecs.ts';
import type { Runtime } from '../inference/runtime/runtime.ts';
import type { ClassShelfStub } from '../vectors/class-sets.ts';
import type { NamespaceStub } from '../vectors/durable.ts';
import type { ObjectBinding } from '../vectors/rpc.ts';
import type { VectorizeBinding } from '../vectors/vectorize.ts';
import type { Galleries } from './galleries.ts';
import type { ApiKey } from './keys.ts';
import type { Part } from './middleware/server-timing.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { Turns } from './queue.ts';
import type { BodyLease } from './request/body.ts';

/** What the deployment binds, see `wrangler.toml`. */
export interface Bindings {
  /** Static assets: `models/` and the pages. */
  ASSETS: { fetch(request: Request): Promise<Response> };
  /** Name of the model that answers where a request names none. Default: the first by name. */
  DEFAULT_MODEL?: string;
  /** API keys that may call `/v1`, see `parseKeys`; `npm run keys` writes it. Without it the API is open. */
  API_KEY_HASHES?: string;
  /** Origins whose pages may call the API, separated by spaces, where `createApp` is not told. Default: all. */
  ALLOWED_ORIGINS?: string;
  /** Rate limit of each key, and of each address without one. Without it there is none. */
  RATE_LIMIT?: { limit(options: { key: string }): Promise<{ success: boolean }> };
  /** Dataset of Analytics Engine: route as index; method, route and error code; status and milliseconds. */
  ANALYTICS?: { writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void };
  /** Where vectors are kept: in `VECTORS` or in `VECTORIZE`. Default: `durable`. */
  VECTOR_STORE?: 'durable' | 'vectorize';
  /** Durable Objects of the class `VectorNamespace`. */
  VECTORS?: ObjectBinding<NamespaceStub>;
  /** A Vectorize index with the metric cosine. */
  VECTORIZE?: VectorizeBinding;
  /** Durable Objects of the class `ClassSets`. */
  CLASSES?: ObjectBinding<ClassShelfStub>;
}

/** What the platform gives: one set for workerd, one for Node. */
export interface Platform {
  runtime: Runtime;
  codecs: Codecs;
  /**
   * Lets work outlive the request that began it. Default: the platform never cuts work short. workerd does when the
   * caller leaves, and a model that loads for several callers must not go with the first.
   */
  waitUntil?: (work: Promise<unknown>) => void;
}

/** Hono's view of a request. */
export interface Environment {
  Bindings: Bindings;
  Variables: RequestIdVariables & {
    models: ModelRegistry;
    galleries: Galleries;
    /** Key of the caller, where the deployment has keys and knows it. */
    key: ApiKey | undefined;
    turns: Turns;
    lease: BodyLease;
    /** Milliseconds of what has been done for the request, by part. */
    times: Partial<Record<Part, number>>;
  };
}

export type App = OpenAPIHono<Environment>;
export type RequestContext = Context<Environment>;
export type Responses = RouteConfig['responses'];

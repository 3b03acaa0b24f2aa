import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { RequestIdVariables } from 'hono/request-id';
import type { KeyVariables } from './middleware/api-key.ts';
import type { CapacityVariables } from './middleware/capacity.ts';
import type { NamespaceVariables } from './middleware/known-namespaces.ts';
import type { ModelVariables } from './middleware/models.ts';
import type { OriginVariables } from './middleware/origins.ts';
import type { TimingVariables } from './middleware/server-timing.ts';
import type { MountVariables } from './mount.ts';
import type { Bindings } from './platform.ts';

/** What a route finds in its context: the bindings, and what each middleware has set. */
export interface Environment {
  Bindings: Bindings;
  Variables: MountVariables &
    RequestIdVariables &
    OriginVariables &
    ModelVariables &
    NamespaceVariables &
    TimingVariables &
    CapacityVariables &
    KeyVariables;
}

export type App = OpenAPIHono<Environment>;
export type RequestContext = Context<Environment>;

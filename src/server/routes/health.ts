import { createRoute, z } from '@hono/zod-openapi';
import { limits } from '../../contract/limits.ts';
import { selfTest } from '../../inference/self-test.ts';
import type { App, RequestContext } from '../environment.ts';
import { problemResponses } from './openapi/problems.ts';

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  tags: ['Operation'],
  summary: 'Whether the Worker runs',
  responses: {
    200: {
      description: 'The Worker runs',
      content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
    },
  },
});

const readyRoute = createRoute({
  method: 'get',
  path: '/ready',
  tags: ['Operation'],
  summary: 'Whether the default model answers its golden input as its manifest says',
  description: `An answer is reused for ${limits.readyMs / 1000} s, so that health checks cannot keep the network busy.`,
  responses: {
    200: {
      description: 'The model is ready',
      content: {
        'application/json': { schema: z.object({ status: z.literal('ready'), model: z.string() }) },
      },
    },
    ...problemResponses('rate_limited', 'model_unavailable'),
  },
});

/** Adds `GET /health` and `GET /ready`. */
export function addHealth(app: App): void {
  app.openapi(healthRoute, (c) => c.json({ status: 'ok' } as const, 200));
  let passed: { model: string; until: number } | undefined;
  app.openapi(readyRoute, async (c) => {
    let model = passed?.model;
    if (!passed || Date.now() > passed.until) {
      // Meanwhile, other requests get the previous result.
      if (passed) passed.until = Date.now() + limits.readyMs;
      try {
        model = await testDefault(c);
        passed = { model, until: Date.now() + limits.readyMs };
      } catch (error) {
        passed = undefined;
        throw error;
      }
    }
    return c.json({ status: 'ready', model: model as string } as const, 200);
  });
}

function testDefault(c: RequestContext): Promise<string> {
  return c.var.models.use(undefined, async (model) => {
    await selfTest(model);
    return model.manifest.name;
  });
}

/** Ours: the local engine. */
import { createLocalEngine } from '../../../src/local.ts';
import { webgpu } from '../../../src/webgpu.ts';
import { contend, pixels, query } from './page-frame.ts';

contend(async () => {
  const engine = createLocalEngine({ model: '/model/manifest.json', runtimeUrl: '/runtime/', webgpu });
  if (query.get('task') === 'embed')
    return async () => Object.fromEntries((await engine.embed(pixels)).embedding.entries());
  return async () => {
    const { predictions } = await engine.classify(pixels, { topK: 10 });
    return Object.fromEntries(predictions.map(({ label, score }) => [label, score]));
  };
});

/** A Worker that only reads its requests: the baseline. */
export { ClassSets, VectorNamespace } from '../../../src/vectors/durable-workerd.ts';

export default {
  async fetch(request: Request) {
    await request.arrayBuffer();
    return new Response('{}');
  },
};

/** A Worker that does nothing but read: what the deployment is measured beside. */
export { ClassSets, VectorNamespace } from '../../src/vectors/durable-workerd.ts';

export default {
  async fetch(request: Request) {
    await request.arrayBuffer();
    return new Response('{}');
  },
};

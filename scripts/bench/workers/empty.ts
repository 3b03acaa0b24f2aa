/** A Worker that only reads what it is sent: what the deployment is measured beside. */
export { ClassSets, VectorNamespace } from '../../../src/vectors/durable-workerd.ts';

export default {
  async fetch(request: Request) {
    await request.arrayBuffer();
    return new Response('{}');
  },
};

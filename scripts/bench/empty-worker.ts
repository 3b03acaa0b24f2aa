/** A Worker that does nothing: what the deployment is measured beside. */
export { ClassSets, VectorNamespace } from '../../src/vectors/durable-workerd.ts';

export default { fetch: () => new Response('{}') };

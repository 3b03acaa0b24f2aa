import { createApp } from './server.ts';

export { ClassSets, VectorNamespace } from './server.ts';

/** The default deployment, see `wrangler.toml`. */
export default createApp();

import { createApp } from './server.ts';

/** The default deployment, see `wrangler.toml`. */
export default createApp();

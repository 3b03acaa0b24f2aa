import { host } from './host-webgpu-web.ts';
import { serveHost } from './worker-side.ts';

serveHost(host);

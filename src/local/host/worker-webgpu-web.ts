import { createHost } from './host-webgpu-web.ts';
import { serveHost } from './worker-side.ts';

serveHost(createHost());

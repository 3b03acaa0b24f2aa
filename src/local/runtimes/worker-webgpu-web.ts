import { serveHost } from '../host/worker-side.ts';
import { createHost } from './host-webgpu-web.ts';

serveHost(createHost());

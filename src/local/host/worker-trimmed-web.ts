import { createHost } from './host-trimmed-web.ts';
import { serveHost } from './worker-side.ts';

serveHost(createHost());

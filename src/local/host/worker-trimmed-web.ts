import { host } from './host-trimmed-web.ts';
import { serveHost } from './worker-side.ts';

serveHost(host);

import { host } from './host-stock-web.ts';
import { serveHost } from './worker-side.ts';

serveHost(host);

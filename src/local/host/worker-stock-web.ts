import { createHost } from './host-stock-web.ts';
import { serveHost } from './worker-side.ts';

serveHost(createHost());

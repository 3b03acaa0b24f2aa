import { serveHost } from '../host/worker-side.ts';
import { createHost } from './host-stock-web.ts';

serveHost(createHost());

import { serveHost } from '../host/worker-side.ts';
import { createHost } from './host-trimmed-web.ts';

serveHost(createHost());

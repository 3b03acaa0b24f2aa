import { host } from './host-trimmed-web.ts';
import { serve } from './worker-side.ts';

serve(host);

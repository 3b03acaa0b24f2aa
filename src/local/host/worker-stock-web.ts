import { host } from './host-stock-web.ts';
import { serve } from './worker-side.ts';

serve(host);

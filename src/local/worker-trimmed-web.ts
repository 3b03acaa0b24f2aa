import { host } from './host-trimmed-web.ts';
import { serve } from './serve.ts';

serve(host);

import { host } from './host-stock-web.ts';
import { serve } from './serve.ts';

serve(host);

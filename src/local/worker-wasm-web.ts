import { host } from './host-wasm-web.ts';
import { serve } from './serve.ts';

serve(host);

import { host } from './host-webgpu-web.ts';
import { serve } from './serve.ts';

serve(host);

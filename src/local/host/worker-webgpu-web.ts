import { host } from './host-webgpu-web.ts';
import { serve } from './worker-side.ts';

serve(host);

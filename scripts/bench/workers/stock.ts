/** The deployment on the stock runtime alone: the baseline of the trimmed one. */
import { waitUntil } from 'cloudflare:workers';
import { codecs } from '../../../src/image/codecs/codecs-workerd.ts';
import { createAppOn } from '../../../src/server/app.ts';
import { stockRuntime } from '../../../src/server-stock.ts';

export { ClassSets, VectorNamespace } from '../../../src/vectors/durable-workerd.ts';

export default createAppOn({ runtime: stockRuntime, codecs, waitUntil });

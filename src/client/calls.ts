import type { Connection } from './connection.ts';
import { createFollow } from './http/follow.ts';
import { createSend } from './http/request.ts';
import type { Service } from './http/service.ts';
import type { Upload } from './images/pack.ts';
import { createInfer } from './infer.ts';
import { createClassify } from './resources/classify.ts';
import { createEmbed } from './resources/embed.ts';
import { createModels } from './resources/models.ts';
import { createSearch } from './resources/search.ts';

/** What the methods of a client do, but for `stored.ts`; loaded by the first call of any of them. */
export type Calls<Model extends string> = ReturnType<typeof createCalls<Model>>;

export function createCalls<Model extends string>(service: Service, model?: Model, upload?: Upload) {
  const follow = createFollow();
  const send = createSend(service, follow);
  const models = createModels(send);
  const connection: Connection = { send, infer: createInfer(send, follow, models, model, upload) };
  return {
    classify: createClassify(connection, model),
    embed: createEmbed(connection, model),
    search: createSearch(connection, model),
    models,
    connection,
  };
}

import worker from '../../src/worker.ts';

export { ClassSets, VectorNamespace } from '../../src/worker.ts';

declare const gc: () => void;

const requests: WeakRef<Request>[] = [];

/** The deployment, with a count of its requests, and of those that are still in memory, at `/kept`. */
export default {
  async fetch(request: Request, ...rest: unknown[]): Promise<Response> {
    if (new URL(request.url).pathname === '/kept') {
      gc();
      const kept = requests.filter((reference) => reference.deref()).length;
      return Response.json({ all: requests.length, kept });
    }
    requests.push(new WeakRef(request));
    return worker.fetch(request, ...(rest as [never]));
  },
};

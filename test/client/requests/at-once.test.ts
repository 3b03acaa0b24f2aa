import { expect, test } from 'vitest';
import { createClient } from '../../../src/index.ts';
import { encodeFloat32 } from '../../../src/util/float32.ts';
import { type Behaviour, images, json, serve } from '../serve.ts';

const answer = { model: { name: 'm', version: '1.0.0' }, source: 'hosted', device: 'wasm' };

/** An embedding of an image: its first byte, and where its region begins. */
const embeddingOf = (byte: number | undefined, region: string | null) =>
  encodeFloat32([byte ?? 0, Number(region?.split(',')[0] ?? -1)]);

/** Answers as the service does, and counts the requests in flight; the first ones wait until there are four. */
function createService() {
  const four = Promise.withResolvers<void>();
  const inFlight = { now: 0, most: 0 };
  const service: Behaviour = async (response, request) => {
    inFlight.most = Math.max(inFlight.most, ++inFlight.now);
    // Time for a fifth, if one is on its way.
    if (inFlight.now === 4) setTimeout(four.resolve, 100);
    const { pathname, searchParams } = request.url;
    const isMany = request.headers['content-type']?.startsWith('multipart/');
    const sent = isMany ? await images(request) : [];
    if (pathname !== '/v1/vectors') await four.promise;
    inFlight.now--;
    const results = sent.map(([byte]) =>
      pathname === '/v1/search'
        ? { matches: [{ id: `${byte}`, score: 1, metadata: {} }] }
        : { embedding: embeddingOf(byte, searchParams.get('region')), dimensions: 2 },
    );
    if (isMany) json({ ...answer, results })(response, request);
    else {
      const { vectors, like = [] } = JSON.parse(`${request.body}`);
      const matches = [
        { id: (like as { vector: string }[]).map(({ vector }) => vector).join(), score: 1, metadata: {} },
      ];
      json({ ...answer, namespace: 'n', upserted: vectors?.length, matches })(response, request);
    }
  };
  return { service, inFlight };
}

const regionAt = (x: number) => ({ x, y: 0, width: 10, height: 10 });

test('a write of parts of pictures has four requests in flight in all', async () => {
  const { service, inFlight } = createService();
  const { url, received } = await serve(service);
  // Six regions of six requests each.
  const items = Array.from({ length: 1_000 }, (_, i) => {
    const image = new Uint8Array([i % 256]);
    return { id: `${i}`, vector: i % 6 === 5 ? image : { image, region: regionAt(i % 6) } };
  });
  await createClient({ url }).vectors.upsert(items, { namespace: 'n', region: regionAt(5) });
  expect(inFlight.most).toBe(4);
  expect(received.filter(({ url }) => url.pathname === '/v1/embeddings')).toHaveLength(36);
  const written = received
    .filter(({ method }) => method === 'PUT')
    .flatMap(({ body }) => JSON.parse(`${body}`).vectors as { id: string; vector: string }[]);
  expect(written.map(({ id, vector }) => [id, vector])).toEqual(
    items.map(({ id }, i) => [id, embeddingOf(i % 256, `${i % 6}`)]),
  );
});

test('a search by pictures and by examples has four requests in flight in all', async () => {
  const { service, inFlight } = createService();
  const { url } = await serve(service);
  const image = (i: number) => new Uint8Array([i]);
  const pictures = Array.from({ length: 160 }, (_, i) => image(i));
  const examples = Array.from({ length: 8 }, (_, i) => ({
    like: Array.from({ length: 8 }, (_, x) => ({ image: image(i), region: regionAt(x) })),
  }));
  const found = await createClient({ url }).search([...pictures, ...examples]);
  expect(inFlight.most).toBe(4);
  expect(found.map(({ matches: [match] }) => match?.id)).toEqual([
    ...pictures.map(([byte]) => `${byte}`),
    ...examples.map(({ like }, i) => like.map((_, x) => embeddingOf(i, `${x}`)).join()),
  ]);
});

test('after a failure no further request of a write is begun', async () => {
  const { url, received } = await serve((response, request) =>
    json({ code: 'invalid_parameter', detail: 'no', status: 422 }, 422)(response, request),
  );
  const items = Array.from({ length: 40 }, (_, x) => ({
    id: `${x}`,
    vector: { image: new Uint8Array([x]), region: regionAt(x) },
  }));
  await expect(createClient({ url }).vectors.upsert(items)).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(received.length).toBeLessThanOrEqual(4);
});

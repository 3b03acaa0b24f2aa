import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A second model, of three drawn textures, for pages that use two. */
const folder = new URL('../fixtures/textures/', import.meta.url);

/** Serves it from the page's origin: its manifest is `/textures/manifest.json`. */
export function answerTextures(request: IncomingMessage, response: ServerResponse): boolean {
  const [, name] = /^\/textures\/([\w.-]+)/.exec(request.url ?? '') ?? [];
  if (!name) return false;
  readFile(new URL(name, folder)).then(
    (bytes) => response.writeHead(200).end(bytes),
    () => response.writeHead(404).end(),
  );
  return true;
}

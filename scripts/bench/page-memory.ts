import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext } from 'playwright-core';

/** Bytes of the renderer process of a page in a new context. */
export async function measureMemory(
  browser: Browser,
  visit: (context: BrowserContext) => Promise<unknown>,
): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const renderers = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  };
  const before = new Set(await renderers());
  const context = await browser.newContext();
  await visit(context);
  let bytes = 0;
  for (const id of (await renderers()).filter((id) => !before.has(id))) {
    const rollup = await readFile(`/proc/${id}/smaps_rollup`, 'utf8').catch(() => '');
    bytes = Math.max(bytes, 1024 * Number(/^Pss: +(\d+)/m.exec(rollup)?.[1] ?? 0));
  }
  await context.close();
  await session.detach();
  return bytes;
}

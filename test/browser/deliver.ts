import type { Page } from 'playwright-core';

/** How a file comes to the page. */
export type Delivery = 'picked' | 'dropped' | 'pasted';

/** Gives a file to the page as a person does. */
export async function deliver(
  page: Page,
  delivery: Delivery,
  bytes: Uint8Array,
  type: string,
): Promise<void> {
  const buffer = Buffer.from(bytes);
  if (delivery === 'picked') return page.setInputFiles('#file', { name: 'file', mimeType: type, buffer });
  await page.evaluate(
    ({ delivery, base64, type }) => {
      const transfer = new DataTransfer();
      transfer.items.add(
        new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], 'file', { type }),
      );
      const bubbles = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        delivery === 'dropped'
          ? new DragEvent('drop', { ...bubbles, dataTransfer: transfer })
          : new ClipboardEvent('paste', { ...bubbles, clipboardData: transfer }),
      );
    },
    { delivery, base64: buffer.toString('base64'), type },
  );
}

/** Runs in the page before its script: keeps the body of the latest request, which DevTools does not tell for a Blob. */
export function recordSent(): void {
  const { fetch } = window;
  window.fetch = (input, init) => {
    if (init?.body instanceof Blob) Object.assign(window, { sent: init.body });
    return fetch(input, init);
  };
}

/** The bytes that the page sent last. */
export async function sentBytes(page: Page): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await page.evaluate(async () => {
    const { sent } = window as unknown as { sent: Blob };
    return Array.from(new Uint8Array(await sent.arrayBuffer()));
  });
  return Uint8Array.from(bytes);
}

/** A JPEG of 4000 x 3000 pixels whose EXIF says that it is to be turned by a quarter. */
export async function photo12MP(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 4000, height: 3000 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.fillStyle = 'steelblue';
    context.fillRect(0, 0, 4000, 1500);
    return canvas.toDataURL('image/jpeg').slice('data:image/jpeg;base64,'.length);
  });
  const jpeg = Buffer.from(base64, 'base64');
  // One directory with one entry: tag 0x0112 (orientation), a short, 6.
  const exif = Buffer.from(
    'ffe100224578696600004d4d002a0000000800010112000300000001000600000000' + '0000',
    'hex',
  );
  return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

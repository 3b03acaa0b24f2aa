/** Times pictures of many sizes in the page. */
import { createLocalEngine } from '../../../src/local.ts';

/** Makes a JPEG with detail at every scale. */
async function drawJpeg(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  for (let size = Math.max(width, height); size >= 4; size /= 2)
    for (let i = 0; i < 40; i++) {
      context.fillStyle = `hsl(${(i * 47 + size) % 360} 60% ${30 + ((i * 13) % 50)}%)`;
      context.fillRect(
        ((i * 7919) % 97) * (width / 97),
        ((i * 104_729) % 89) * (height / 89),
        size,
        size / 2,
      );
    }
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
  return new Uint8Array(await blob.arrayBuffer());
}

/** Milliseconds of a classification, by size and then by repetition. */
async function times(baseUrl: string, sizes: [number, number][], repetitions: number): Promise<number[][]> {
  const engine = createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' });
  await engine.ready;
  const found: number[][] = [];
  for (const [width, height] of sizes) {
    const jpeg = await drawJpeg(width, height);
    const each: number[] = [];
    for (let i = -1; i < repetitions; i++) {
      const began = performance.now();
      await engine.classify(jpeg);
      if (i >= 0) each.push(performance.now() - began);
    }
    found.push(each);
  }
  return found;
}

declare global {
  var sizes: typeof times;
}
globalThis.sizes = times;

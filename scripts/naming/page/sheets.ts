/** Thumbnails along a side of a sheet, and their side in pixels. `pictures.py` writes the sheets. */
const across = 32;
const side = 32;
/** Sheets in memory, of 4 MiB each when decoded. */
const most = 12;

/** By number; a sheet that is on its way has none yet. One that failed is fetched again when it is drawn. */
const sheets = new Map<number, ImageBitmap | undefined>();

/**
 * Draws the thumbnail of a picture, if its sheet is here.
 * @param onLoad - called when it comes later.
 */
export function drawThumbnail(
  context: CanvasRenderingContext2D,
  picture: number,
  [x, y, size]: [number, number, number],
  onLoad: () => void,
): void {
  const number = Math.floor(picture / across ** 2);
  const sheet = sheets.get(number);
  if (!sheets.has(number)) load(number).then(onLoad, () => sheets.delete(number));
  // The one that was used last stays longest.
  sheets.delete(number);
  sheets.set(number, sheet);
  if (!sheet) return;
  const place = picture % across ** 2;
  const [left, top] = [(place % across) * side, Math.floor(place / across) * side];
  context.drawImage(sheet, left, top, side, side, x - size / 2, y - size / 2, size, size);
}

/** An ImageBitmap, unlike an image, gives its memory back when it is closed. */
async function load(number: number): Promise<void> {
  const bitmap = await createImageBitmap(await (await fetch(`sheet/${number}`)).blob());
  sheets.set(number, bitmap);
  for (const [old, sheet] of sheets) {
    if (sheets.size <= most) break;
    sheet?.close();
    sheets.delete(old);
  }
}

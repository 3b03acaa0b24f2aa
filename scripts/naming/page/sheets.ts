/** Thumbnails along a side of a sheet, and their side in pixels. `pictures.py` writes the sheets. */
const across = 32;
const side = 32;
/** Sheets in memory, of 4 MiB each when decoded. */
const most = 24;

const sheets = new Map<number, HTMLImageElement>();

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
  let sheet = sheets.get(number);
  if (!sheet) {
    sheet = new Image();
    sheet.src = `sheet/${number}`;
    sheet.decode().then(onLoad, () => {});
  }
  // The one that was used last stays longest.
  sheets.delete(number);
  sheets.set(number, sheet);
  for (const old of sheets.keys()) {
    if (sheets.size <= most) break;
    sheets.delete(old);
  }
  if (!sheet.complete || sheet.naturalWidth === 0) return;
  const place = picture % across ** 2;
  const [left, top] = [(place % across) * side, Math.floor(place / across) * side];
  context.drawImage(sheet, left, top, side, side, x - size / 2, y - size / 2, size, size);
}

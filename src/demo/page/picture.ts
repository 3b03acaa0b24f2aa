import type { ImageSource } from '../../local.ts';

/** Types that are read from their bytes; what else the browser can show (SVG, GIF, AVIF) is drawn. */
const fileTypes = new Set(['image/jpeg', 'image/png', 'image/webp']);

/** A picture of the page. */
export interface Picture {
  image: ImageSource;
  /** The address to show it by, to be revoked; undefined where the browser cannot. */
  url: string | undefined;
}

/** Makes a picture of any file. One that the browser cannot show stays as it is: the engines say what is wrong with it. */
export async function readPicture(file: Blob): Promise<Picture> {
  const url = URL.createObjectURL(file);
  const element = new Image();
  element.src = url;
  const isPicture = await element.decode().then(
    () => element.naturalWidth > 0,
    () => false,
  );
  if (isPicture) return { image: fileTypes.has(file.type) ? file : element, url };
  URL.revokeObjectURL(url);
  return { image: file, url: undefined };
}

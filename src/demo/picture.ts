/** Longest side that is sent, in pixels: far above what a network looks at, far below the server's limit. */
const longestSide = 1024;
/** Types that the server reads; all else that the browser can show is sent as a PNG. */
const sentAsIs = new Set(['image/jpeg', 'image/png', 'image/webp']);

/** A picture, ready to be sent. */
export interface Picture {
  body: Blob;
  /** Size in pixels; undefined where the browser cannot show the file, and the server must say what it is. */
  size: { width: number; height: number } | undefined;
}

/**
 * Makes any file that the browser can show into one that the server takes: 1024 pixels on the longer side at most,
 * upright, as JPEG, PNG or WebP. A file that is so already stays byte for byte, and so does one that is no picture.
 */
export async function prepare(file: Blob): Promise<Picture> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    // An element rather than createImageBitmap: it reads SVG too. Both turn the picture as its EXIF says.
    const isPicture = await image.decode().then(
      () => image.naturalWidth > 0,
      () => false,
    );
    if (!isPicture) return { body: file, size: undefined };
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = longestSide / Math.max(width, height);
    if (scale >= 1 && sentAsIs.has(file.type)) return { body: file, size: { width, height } };
    return scale >= 1
      ? draw(image, width, height, 'image/png')
      : draw(image, width * scale, height * scale, 'image/jpeg');
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Draws what the browser shows at a size. JPEG has no transparency: white is put beneath, as the server does. */
export async function draw(
  source: HTMLImageElement | HTMLVideoElement,
  width: number,
  height: number,
  type: 'image/png' | 'image/jpeg',
): Promise<Picture> {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser gives no canvas to draw on');
  if (type === 'image/jpeg') {
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const body = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, 0.92));
  if (!body) throw new Error('This browser cannot save the picture');
  return { body, size: { width: canvas.width, height: canvas.height } };
}

import { find } from '../dom.ts';

/** Milliseconds from one frame to the next at least, so that a camera does not keep the server busy. */
const interval = 100;

/** What the camera shows, as it shows it. */
interface Listener {
  /** Takes a frame; the next one is given when it is done. */
  see(video: HTMLVideoElement): Promise<void>;
  /** Takes the picture, or the reason why there is none. */
  show(picture: Promise<Blob>): void;
}

/**
 * Offers the camera where there is one to ask for: live, until a picture is taken.
 * @returns ends the camera.
 */
export function listenForCamera({ see, show }: Listener): () => void {
  const button = find('#camera', HTMLButtonElement);
  const video = find('#viewfinder', HTMLVideoElement);
  const invitation = button.textContent;
  // Absent on pages that are neither https nor localhost.
  button.hidden = !navigator.mediaDevices;

  async function start() {
    // One stream at a time: a second would keep the camera on.
    button.disabled = true;
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      await video.play();
      video.hidden = false;
      button.textContent = 'Take the picture';
    } catch (cause) {
      stop();
      show(
        Promise.reject(new Error('The camera cannot be used: there is none, or the page may not', { cause })),
      );
    } finally {
      button.disabled = false;
    }
    while (video.srcObject)
      await Promise.all([see(video), new Promise((resolve) => setTimeout(resolve, interval))]);
  }

  function stop() {
    const { srcObject } = video;
    if (srcObject instanceof MediaStream) for (const track of srcObject.getTracks()) track.stop();
    video.srcObject = null;
    video.hidden = true;
    button.textContent = invitation;
  }

  button.addEventListener('click', async () => {
    if (!video.srcObject) return start();
    const picture = photograph(video);
    stop();
    show(picture);
  });
  return stop;
}

async function photograph(video: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  if (!picture) throw new Error('This browser cannot save the picture');
  return picture;
}

import { find } from './dom.ts';
import { draw } from './picture.ts';

/**
 * Offers the camera where there is one to ask for.
 * @param show - takes the picture, or the reason why there is none.
 */
export function listenForCamera(show: (picture: Promise<Blob>) => void): void {
  const button = find('#camera', HTMLButtonElement);
  const dialog = find('#camera-dialog', HTMLDialogElement);
  const video = find('#viewfinder', HTMLVideoElement);
  // Absent on pages that are neither https nor localhost.
  button.hidden = !navigator.mediaDevices;

  button.addEventListener('click', async () => {
    // One stream at a time: a second would keep the camera on.
    button.disabled = true;
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      dialog.showModal();
    } catch (cause) {
      show(
        Promise.reject(new Error('The camera cannot be used: there is none, or the page may not', { cause })),
      );
    } finally {
      button.disabled = false;
    }
  });
  dialog.addEventListener('close', () => {
    const { videoWidth, videoHeight, srcObject } = video;
    if (dialog.returnValue === 'shoot' && videoWidth > 0) {
      show(draw(video, videoWidth, videoHeight, 'image/jpeg').then((picture) => picture.body));
    }
    dialog.returnValue = '';
    if (srcObject instanceof MediaStream) for (const track of srcObject.getTracks()) track.stop();
    video.srcObject = null;
  });
}

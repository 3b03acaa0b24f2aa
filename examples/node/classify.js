/**
 * Classifies pictures with a hosted endpoint:
 *
 *     UNLABEL_URL=http://localhost:8787 node classify.js photo.jpg other.png
 */
import { createClient, UnlabelError } from 'unlabel';

const paths = process.argv.slice(2);
const client = createClient({
  url: process.env.UNLABEL_URL ?? 'http://localhost:8787',
  apiKey: process.env.UNLABEL_API_KEY,
});

try {
  // The client reads the files, and sends them in as few requests as may be.
  const answers = await client.classify(paths, { topK: 1 });
  for (const [i, { predictions }] of answers.entries()) {
    const [{ label, score }] = predictions;
    console.log(`${paths[i]}: ${label}, ${(100 * score).toFixed(1)} %`);
  }
} catch (error) {
  if (!(error instanceof UnlabelError)) throw error;
  // `field` names the image that is at fault: images[0] is the first path.
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}

/**
 * Classifies pictures with a hosted endpoint:
 *
 *     UNLABEL_URL=http://localhost:8787 node classify.js photo.jpg other.png
 */
import { readFile } from 'node:fs/promises';
import { createClient, UnlabelError } from 'unlabel';

const paths = process.argv.slice(2);
const client = createClient({
  url: process.env.UNLABEL_URL ?? 'http://localhost:8787',
  apiKey: process.env.UNLABEL_API_KEY,
});

try {
  const images = await Promise.all(paths.map((path) => readFile(path)));
  const answers = await client.classify(images, { topK: 1 });
  for (const [i, { predictions }] of answers.entries()) {
    const [{ label, score }] = predictions;
    console.log(`${paths[i]}: ${label}, ${(100 * score).toFixed(1)} %`);
  }
} catch (error) {
  // `field` names the image that the endpoint refused: images[0] is the first path.
  if (error instanceof UnlabelError) console.error(`${error.code}, ${error.field ?? ''}: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
}

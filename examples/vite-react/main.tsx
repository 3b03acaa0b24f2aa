/** What a user of Vite and React writes: one picture, classified in the page. */
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useClassifier } from 'unlabel/react';

const baseUrl: string = import.meta.env.VITE_DEPLOYMENT;

function App() {
  const { status, progress, classify, error } = useClassifier({ model: 'cifar10', baseUrl });
  const [answer, setAnswer] = useState('');

  async function show(file: File | undefined) {
    if (!file) return;
    const { predictions, source, device } = await classify(file);
    setAnswer(`${predictions[0]?.label}, ${source}, ${device}`);
  }

  return (
    <main>
      <input type="file" accept="image/*" onChange={(event) => show(event.target.files?.[0])} />
      <p role="status">{status}</p>
      <progress value={progress?.loaded ?? 0} max={progress?.total ?? 1} />
      <output>{answer}</output>
      {error instanceof Error && <p role="alert">{error.message}</p>}
    </main>
  );
}

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );

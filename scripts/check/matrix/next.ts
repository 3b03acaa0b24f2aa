import type { MakeProject } from './project.ts';

const layout = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;

const page = (deployment: string) => `'use client';
import { useState } from 'react';
import { useClassifier } from 'unlabel/react';

export default function Page() {
  const [answer, setAnswer] = useState('');
  const { classify } = useClassifier({ model: 'cifar10', baseUrl: '${deployment}' });
  const show = async (file) => {
    try {
      const { predictions, device } = await classify(file);
      setAnswer(\`\${predictions[0].label}, \${device}\`);
    } catch (error) {
      setAnswer(String(error));
    }
  };
  return (
    <main ref={(element) => { if (element) document.body.dataset.ready = ''; }}>
      <input type="file" onChange={({ target }) => show(target.files[0])} />
      <output>{answer}</output>
    </main>
  );
}
`;

/** An application of Next.js, whose page is rendered on the server first. */
export const next =
  (bundler: '--turbopack' | '--webpack'): MakeProject =>
  (deployment) => ({
    files: { 'app/layout.jsx': layout, 'app/page.jsx': page(deployment) },
    dependencies: { next: '^16', react: '^19', 'react-dom': '^19' },
    build: ['next', 'build', bundler],
    serve: ['next', 'start', '--port', 'PORT', '--hostname', '127.0.0.1'],
    output: '.next/static',
  });

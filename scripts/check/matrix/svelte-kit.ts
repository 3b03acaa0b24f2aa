import { elements, type MakeProject, script } from './project.ts';

/** An application of SvelteKit, whose page is rendered beforehand. */
export const svelteKit: MakeProject = (deployment) => {
  const [imports = '', ...statements] = script(deployment).split('\n');
  return {
    files: {
      'vite.config.js': `import { sveltekit } from '@sveltejs/kit/vite';
import adapter from '@sveltejs/adapter-static';
export default { plugins: [sveltekit({ adapter: adapter() })] };
`,
      'src/app.html': '<!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>',
      'src/routes/+layout.js': 'export const prerender = true;',
      'src/routes/+page.svelte': `<script>
${imports}
import { onMount } from 'svelte';
onMount(() => {
${statements.join('\n')}
});
</script>
${elements}
`,
    },
    dependencies: {
      '@sveltejs/adapter-static': '^4',
      '@sveltejs/kit': '^3',
      '@sveltejs/vite-plugin-svelte': '^7',
      svelte: '^5',
      vite: '^8',
    },
    build: ['vite', 'build', '--logLevel', 'warn'],
    serve: 'build',
  };
};

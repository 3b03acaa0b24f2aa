import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHosted } from '../test/helpers/hosted.ts';
const state = await mkdtemp(join(tmpdir(), 'unlabel-mem-'));
let h = await startHosted({ entry: 'scripts/bench-worker.ts', state });
const rss = async () => {
  const rows = execFileSync('ps', ['-A', '-o', 'pgid=,pid=,rss=,comm='], { encoding: 'utf8' }).split('\n').map(l=>l.trim().split(/\s+/)).filter(r=>Number(r[0])===h.pid && r[3]?.includes('workerd'));
  const pid = rows.sort((a,b)=>Number(b[2])-Number(a[2]))[0]![1];
  const st = await readFile(`/proc/${pid}/status`,'utf8');
  return st.match(/Rss\w+:\s+\d+/g)!.join(' ');
};
const call = async (p: string, method='POST') => { const a = await fetch(`${h.url}/bench/${p}`, {method}); const t = await a.text(); if(!a.ok) throw new Error(t); };
for (let f=0; f<100000; f+=10000) await call(`fill?from=${f}&to=${f+10000}&dimensions=128`);
await h.stop(); h = await startHosted({ entry: 'scripts/bench-worker.ts', state });
await call('kernel','GET'); console.log('start', await rss());
await fetch(`${h.url}/v1/vectors?namespace=bench&limit=1`); console.log('opened', await rss());
await call('search?n=1&seed=1&dimensions=128'); console.log('loaded', await rss());
for (let i=0;i<20;i++) await call(`search?n=100&seed=${i}&dimensions=128`); console.log('2000 searches', await rss());
for (let r=0;r<10;r++){ for (let i=0;i<40;i++) await call(`search?n=100&seed=${i}&dimensions=128`); console.log('+4000', await rss()); }

await h.stop(); await rm(state,{recursive:true});

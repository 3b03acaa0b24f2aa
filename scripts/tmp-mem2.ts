import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHosted } from '../test/helpers/hosted.ts';
const state = await mkdtemp(join(tmpdir(), 'unlabel-mem-'));
let h = await startHosted({ entry: 'scripts/bench-worker.ts', state });
const call = async (p: string, method='POST') => { const a = await fetch(`${h.url}/bench/${p}`, {method}); const t = await a.text(); if(!a.ok) throw new Error(t); };
for (let f=0; f<100000; f+=10000) await call(`fill?from=${f}&to=${f+10000}&dimensions=128`);
await h.stop(); h = await startHosted({ entry: 'scripts/bench-worker.ts', state });
const args = (await readFile(`/proc/${h.pid}/cmdline`,'utf8')).split('\0'); const port = args[args.indexOf('--inspector-port')+1];
const list = await (await fetch(`http://127.0.0.1:${port}/json`)).json() as any[];
console.log(list.map(t=>t.id+' '+t.title+' '+t.webSocketDebuggerUrl));
const ws = new WebSocket(list[0].webSocketDebuggerUrl); await new Promise(r=>ws.onopen=r);
let id=0; const pend=new Map<number,(v:any)=>void>(); ws.onmessage=e=>{const m=JSON.parse(String(e.data)); pend.get(m.id)?.(m);};
const cdp=(method:string,params={})=>new Promise<any>(r=>{pend.set(++id,r); ws.send(JSON.stringify({id,method,params}));});
const rss = async () => {
  const rows = execFileSync('ps', ['-A', '-o', 'pgid=,pid=,rss=,comm='], { encoding: 'utf8' }).split('\n').map(l=>l.trim().split(/\s+/)).filter(r=>Number(r[0])===h.pid && r[3]?.includes('workerd'));
  const pid = rows.sort((a,b)=>Number(b[2])-Number(a[2]))[0]![1];
  return (await readFile(`/proc/${pid}/status`,'utf8')).match(/RssAnon:\s+\d+/g)![0];
};
const show = async (n: string) => { const u=(await cdp('Runtime.getHeapUsage')); console.log(n, await rss(), JSON.stringify(u.result ?? u.error)); };
await cdp('HeapProfiler.enable'); await cdp('Runtime.enable');
await call('kernel','GET'); await show('start'); 
await fetch(`${h.url}/v1/vectors?namespace=bench&limit=1`); await cdp('HeapProfiler.collectGarbage'); await show('opened, gc');
await call('search?n=1&seed=1&dimensions=128'); await show('loaded');  await cdp('HeapProfiler.collectGarbage'); await show('loaded, gc');
for (let r=0;r<3;r++){ for (let i=0;i<40;i++) await call(`search?n=100&seed=${i}&dimensions=128`); await show('+4000'); await cdp('HeapProfiler.collectGarbage'); await show('+4000, gc'); }
ws.close(); await h.stop(); await rm(state,{recursive:true});

// What curves of finished runs cost beside bare libmicrohttpd.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Server } from '../harness.mjs';

function requestsPerSecond(url) {
  const { status, stdout } = spawnSync('wrk', ['-t1', '-c32', '-d2s', url], { encoding: 'utf8' });
  return status === 0 ? Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]) : NaN;
}

/** libmicrohttpd alone on a ready body of so many bytes -> { url, end }. */
async function bare(build, bytes) {
  const child = spawn(join(build, 'tests/bench/microhttpd'), [String(bytes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const port = await new Promise((told) => {
    child.stdout.once('data', (data) => told(Number(data)));
  });
  return { url: `http://127.0.0.1:${port}/`, end: () => child.stdin.end() };
}

/** Curves of finished runs beside bare libmicrohttpd with bodies of the same size, turn by turn. */
export async function benchCurves({ build, rounds, median, table }) {
  const server = await Server.start();
  const rows = [];
  const spec = { dataset: { name: 'moons', n: 100 }, hidden: [4], record_layers: false };
  try {
    for (const epochs of [9, 21, 101, 1001]) {
      const { runs } = await server.train({ ...spec, epochs: epochs - 1 }, 300_000);
      const path = `/runs/${runs[0].id}/curves`;
      const { bytes } = await server.request('GET', path);
      const alone = await bare(build, bytes.length);
      const pairs = Array.from({ length: rounds }, () => [
        requestsPerSecond(alone.url),
        requestsPerSecond(`${server.url}/api/v1${path}`),
      ]);
      alone.end();
      rows.push([
        epochs,
        bytes.length,
        Math.round(median(pairs.map(([floor]) => floor))),
        Math.round(median(pairs.map(([, ours]) => ours))),
        median(pairs.map(([floor, ours]) => ours / floor)).toFixed(2),
      ]);
    }
  } finally {
    await server.stop();
  }
  console.log(
    `\nCurves of finished runs, requests/s on 32 connections, medians of ${rounds} (wrk)`,
  );
  table(['epochs', 'bytes', 'libmicrohttpd alone', 'regulab', 'ratio'], rows);
}

// Others' answers while many connections are idle or slow.
//
//   node tests/bench/connections.mjs [N]
//
// N connections, 2000 if not given; REGULAB names the program.
// A quarter each has sent nothing, half a header, half a body, or has had its answer and is kept;
// the half ones send a byte a second. Meanwhile four clients ask, on kept connections and on new
// ones, and half of N leave and come again at once. The figures are of this process, too: it shares
// the cores.
import http from 'node:http';
import net from 'node:net';
import { Server } from '../harness.mjs';

const n = Number(process.argv[2] ?? 2000);
const requests = Number(process.env.REQUESTS ?? 500);
const server = await Server.start();
const host = `Host: 127.0.0.1:${server.port}`;
const KINDS = [
  '',
  `GET /healthz HTTP/1.1\r\n${host}\r\nX-Slow: `,
  `POST /api/v1/sql HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\n` +
    'Content-Length: 9999\r\n\r\n{',
  `GET /healthz HTTP/1.1\r\n${host}\r\n\r\n`,
];

const sockets = new Set();
function open(i) {
  return new Promise((ready) => {
    const socket = net.connect(server.port, '127.0.0.1');
    sockets.add(socket);
    socket.kind = i % KINDS.length;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => {});
    socket.on('connect', () => socket.write(KINDS[socket.kind], ready));
  });
}

const openAll = (count) => Promise.all(Array.from({ length: count }, (_, i) => open(i)));
function drip() {
  for (const socket of sockets)
    if ((socket.kind === 1 || socket.kind === 2) && socket.writable) socket.write('a');
}

function ask(path, agent) {
  const started = performance.now();
  return new Promise((done, broken) => {
    const call = http.get({ host: '127.0.0.1', port: server.port, path, agent }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        if (answer.statusCode === 200) done(performance.now() - started);
        else broken(new Error(`${path}: ${answer.statusCode}`));
      });
    });
    call.on('error', broken);
  });
}

async function measure(what, path, keepAlive) {
  const agent = new http.Agent({ keepAlive, maxSockets: 4 });
  const times = [];
  const client = async () => {
    for (let i = 0; i < requests / 4; i++) times.push(await ask(path, agent));
  };
  await Promise.all(Array.from({ length: 4 }, client));
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (q) => times[Math.min(times.length - 1, Math.floor(q * times.length))].toFixed(1);
  console.log(
    `${what.padEnd(34)} p50 ${at(0.5).padStart(7)}  p99 ${at(0.99).padStart(7)}  ` +
      `max ${at(1).padStart(7)} ms`,
  );
}

async function measureAll(when) {
  for (const [name, path] of [
    ['loop', '/healthz'],
    ['worker', '/api/v1/experiments'],
  ]) {
    await measure(`${when}, ${name}, kept`, path, true);
    await measure(`${when}, ${name}, new`, path, false);
  }
}

await measureAll('alone');
await openAll(n);
const timer = setInterval(drip, 1000);
console.log(`${sockets.size} connections`);
await measureAll('beside them');
const leaving = [...sockets].slice(0, n / 2);
const coming = (async () => {
  for (const socket of leaving) socket.destroy();
  await openAll(leaving.length);
})();
await measureAll('while half come anew');
await coming;
console.log(`${sockets.size} connections`);
clearInterval(timer);
for (const socket of sockets) socket.destroy();
await server.stop();

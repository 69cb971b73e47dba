/* api — every request to the service, as functions that answer plain values or throw a Problem. */
import { getGlossary, nameRows } from './glossary.js';

const BASE = '/api/v1';

/* What the service said was wrong (RFC 9457), or that it could not be reached (status 0). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `status ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.title = body.title || '';
    this.errors = body.errors || [];
  }
}

function address(path, query) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') parameters.set(key, value);
  }
  const text = parameters.toString();
  return (path.startsWith('/api/') ? path : BASE + path) + (text ? `?${text}` : '');
}

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    /* not JSON: the status says it */
  }
  const problem = new Problem(response.status, { title: response.statusText, ...body });
  if (response.status === 401) dispatchEvent(new CustomEvent('regulab-unauthorized'));
  return problem;
}

/* One request. `as` is "json", "text", "blob", "buffer" or "response". A body that is no string,
 * Blob or FormData is sent as JSON. */
export async function request(
  method,
  path,
  { query, body, headers = {}, signal, as = 'json' } = {},
) {
  const options = { method, headers: { ...headers }, signal };
  if (body !== undefined) {
    const raw = typeof body === 'string' || body instanceof Blob || body instanceof FormData;
    options.body = raw ? body : JSON.stringify(body);
    if (!raw) options.headers['Content-Type'] = 'application/json';
  }
  let response;
  try {
    response = await fetch(address(path, query), options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, {
      title: 'No connection',
      detail: 'The service cannot be reached. Is it running?',
    });
  }
  if (!response.ok) throw await problemOf(response);
  if (as === 'response') return response;
  if (response.status === 204) return null;
  if (as === 'text') return response.text();
  if (as === 'blob') return response.blob();
  if (as === 'buffer') return response.arrayBuffer();
  return response.json();
}

export const get = (path, query, signal, as) => request('GET', path, { query, signal, as });

/* All items of a list, page after page, at most `limit` of them. */
export async function getAll(path, query, signal, limit = 10000) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(
      path,
      { ...query, limit: Math.min(500, limit - items.length), cursor },
      signal,
    );
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < limit);
  return items;
}

/* A link that the browser can follow by itself. */
export const link = (path, query) => address(path, query);

/* A key for Idempotency-Key; works without a secure context, too. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

let catalogue = null;

async function loadCatalogue() {
  const [answer, entries] = await Promise.all([get('/fields', { limit: 500 }), getGlossary()]);
  nameRows(answer, entries);
  return buildCatalogue(answer);
}

/* The field table and the metrics, each with the words about it, fetched once: {fields,
 * field(name), metrics, metric(name), datasets (the built-in ones, with their options)}. */
export function getCatalogue() {
  catalogue ??= loadCatalogue().catch((error) => {
    catalogue = null;
    throw error;
  });
  return catalogue;
}

function buildCatalogue(answer) {
  const fields = new Map(answer.items.map((row) => [row.name, row]));
  const metrics = new Map(
    answer.metrics.filter((row) => row.scope !== 'layer').map((row) => [row.name, row]),
  );
  return {
    fields: answer.items,
    symbols: answer.symbols,
    field: (name) => fields.get(name),
    metrics: answer.metrics,
    datasets: answer.datasets,
    metric: (name) => metrics.get(name) ?? metrics.get(name?.replace(/^(last|best)_/, '')),
  };
}

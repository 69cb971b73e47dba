// Does an answer keep to openapi.json of the server that gave it? Every JSON answer that a test
// sees goes through here. What the document describes is closed for the check: a member that it
// does not know is a fault.
import Ajv from 'ajv/dist/2020.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Every object that says its properties has no others. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  );
  if (copy.type !== undefined && copy.properties && !('additionalProperties' in copy))
    copy.additionalProperties = false;
  return copy;
}

/* The beginning of an answer, as a message shows it. */
const shown = (json) => JSON.stringify(json).slice(0, 2000);

const escaped = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

export class Schemas {
  /** document: what GET /api/openapi.json answers. */
  constructor(document) {
    this.ajv = new Ajv({ strict: false, allErrors: false, formats: { 'date-time': TIME } });
    this.document = closed(document);
    this.ajv.addSchema(this.document, 'openapi');
    this.paths = Object.keys(document.paths).map((template) => ({
      template,
      pattern: new RegExp(
        `^${template.replace(/[.]/g, '\\.').replace('{id}', '\\d+').replace('{name}', '[^/]+')}$`,
      ),
    }));
    this.compiled = new Map();
    const stream = document.paths['/api/v1/events'].get.responses[200].content['text/event-stream'];
    this.events = Object.fromEntries(
      Object.entries(stream['x-events']).map(([kind, { $ref }]) => [kind, $ref.split('/').at(-1)]),
    );
  }

  compile(pointer) {
    if (!this.compiled.has(pointer))
      this.compiled.set(pointer, this.ajv.compile({ $ref: `openapi#${pointer}` }));
    return this.compiled.get(pointer);
  }

  /** Throws unless `json` is what the document says of a component. */
  checkComponent(name, json, what = name) {
    const check = this.compile(`/components/schemas/${name}`);
    if (!check(json))
      throw new Error(
        `${what} is not as openapi.json says: ${this.ajv.errorsText(check.errors)}: ${shown(json)}`,
      );
  }

  /** Throws unless the document has this answer to this request, and `json` is as it says. */
  check(method, path, status, type, json) {
    const what = `${method} ${path}: the ${status}`;
    const found = this.paths.find(({ pattern }) => pattern.test(path));
    if (!found) return status >= 400 ? this.checkComponent('Problem', json, what) : undefined;
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const answers = this.document.paths[found.template][verb]?.responses;
    if (!answers && status >= 400) return this.checkComponent('Problem', json, what);
    const answer = `/paths/${escaped(found.template)}/${verb}/responses/${status}`;
    const place = `${answer}/content/${escaped(type)}/schema`;
    if (status >= 400) {
      if (!answers[status])
        throw new Error(`${what} is not in openapi.json: ${JSON.stringify(json).slice(0, 500)}`);
      return this.checkComponent('Problem', json, what);
    }
    const schema = answers?.[status]?.content?.[type]?.schema;
    if (!schema) throw new Error(`${what} (${type}) is not in openapi.json`);
    if (path !== '/api/openapi.json' && !schema.$ref)
      throw new Error(`${what} is not described in openapi.json`);
    const check = this.compile(place);
    if (!check(json))
      throw new Error(
        `${what} is not as openapi.json says: ${this.ajv.errorsText(check.errors)}: ${shown(json)}`,
      );
    return undefined;
  }
}

/**
 * What the service says of its answers: one document for every server of this binary, asked for
 * once.
 */
let schemas;
async function schemasOf(url, headers) {
  schemas ??= fetch(`${url}/api/openapi.json`, { headers }).then(async (response) => {
    if (response.status === 200) return new Schemas(await response.json());
    schemas = undefined; // a server that wants a token
    await response.arrayBuffer();
    return undefined;
  });
  return schemas;
}

const authorityOf = (headers) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^(authorization|cookie)$/i.test(name)),
  );

/** Throws if the data of an event is not what openapi.json of the server at `url` says of it. */
export async function checkEvent(url, headers, { event, data }) {
  const known = await schemasOf(url, authorityOf(headers));
  known?.checkComponent(known.events[event], data, `the event ${event}`);
}

/** Throws if a JSON answer is not what openapi.json of the server at `url` says of it. */
export async function checkAnswer(
  url,
  method,
  address,
  headers,
  { status, headers: answered, json },
) {
  if (json === undefined) return;
  const known = await schemasOf(url, authorityOf(headers));
  const type = answered.get('content-type').split(';')[0];
  known?.check(method, new URL(address).pathname, status, type, json);
}

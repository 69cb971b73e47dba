// Files as tests send them, and read them: safetensors, IDX, the parts of a form.

/** safetensors bytes -> { name: { dtype, shape, values } }; throws if the layout is not exact. */
export function parseSafetensors(bytes) {
  const size = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + size).toString('utf8'));
  const body = bytes.subarray(8 + size);
  const types = { F32: Float32Array, I64: BigInt64Array, F64: Float64Array };
  const tensors = {};
  let covered = 0;
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const copy = body.buffer.slice(body.byteOffset + from, body.byteOffset + to);
    const values = new types[dtype](copy);
    const count = shape.reduce((a, b) => a * b, 1);
    if (values.length !== count)
      throw new Error(`${name}: ${values.length} values for shape [${shape}]`);
    covered += to - from;
    tensors[name] = { dtype, shape, values };
  }
  if (covered !== body.length)
    throw new Error(`${body.length - covered} bytes belong to no tensor`);
  return tensors;
}

/** IDX bytes: magic 00 00 08 n, n sizes, the data. */
export function idx(sizes, bytes) {
  const head = Buffer.alloc(4 + 4 * sizes.length);
  head[2] = 8;
  head[3] = sizes.length;
  sizes.forEach((size, i) => head.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([head, Buffer.from(bytes)]);
}

/** A learnable set of side x side images: class k is bright in its own band of rows. */
export function bandImages(n, { side = 8, classes = 4, seed = 1 } = {}) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  const images = Buffer.alloc(n * side * side);
  const labels = Buffer.alloc(n);
  for (let i = 0; i < n; i++) {
    labels[i] = i % classes;
    for (let p = 0; p < side * side; p++) {
      const band = Math.floor((Math.floor(p / side) * classes) / side);
      images[i * side * side + p] = (band === labels[i] ? 140 : 20) + (next() % 90);
    }
  }
  return { images: idx([n, side, side], images), labels: idx([n], labels) };
}

/** multipart/form-data of files -> { body, type }. */
export function multipart(files) {
  const boundary = 'regulab-test-boundary-7b1c';
  const parts = files.flatMap(({ name, data, type = 'application/octet-stream' }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
        `Content-Type: ${type}\r\n\r\n`,
    ),
    data,
    Buffer.from('\r\n'),
  ]);
  return {
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

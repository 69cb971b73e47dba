/* safetensors — reads a model file: a length, a JSON header, little-endian numbers. */

/* ArrayBuffer → Map name → {shape, data: Float32Array}. */
export function readSafetensors(buffer) {
  const size = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, size)));
  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__' || entry.dtype !== 'F32') continue;
    const [from, to] = entry.data_offsets;
    tensors.set(name, {
      shape: entry.shape,
      data: new Float32Array(buffer.slice(8 + size + from, 8 + size + to)),
    });
  }
  return tensors;
}

/* The weight matrices of the layers in order: [{name, rows, columns, data}]. */
export function layerWeights(tensors) {
  const layers = [];
  for (let i = 0; tensors.has(`layers.${i}.weight`); i++) {
    const { shape, data } = tensors.get(`layers.${i}.weight`);
    layers.push({ name: `layers.${i}`, rows: shape[0], columns: shape[1], data });
  }
  return layers;
}

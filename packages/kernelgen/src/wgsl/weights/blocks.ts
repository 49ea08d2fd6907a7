/** The blocks of a tensor's first dimension with these places among `count`, one after the other. */
export function blocks(values: Float32Array, count: number, places: readonly number[]): Float32Array {
  const size = values.length / count;
  return joined(places.map((place) => values.subarray(place * size, (place + 1) * size)));
}

/** Arrays one after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

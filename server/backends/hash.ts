// Hashes that are the same in each worker, each run and each release: which server a key has must not change
// with them.

/** 32 bits of a text's UTF-16 units. */
export function hashText(text: string): number {
  return hashPart(text, 0, text.length)
}

/**
 * The same for a part of a text, without cutting it out: FNV-1a, then `mix`, as FNV alone is uneven in its
 * high bits.
 */
export function hashPart(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

/** Spreads each bit of a number over all 32: the finaliser of MurmurHash3. */
export function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

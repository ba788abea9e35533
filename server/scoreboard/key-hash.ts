// The hashes that find the bucket of a key.
export const MULTIPLY_A = 0x9e3779b1
export const MULTIPLY_B = 0x85ebca77

/** 32 bits of a text's UTF-16 units: two of them, of other seeds and factors, tell keys apart. */
export function hashOf(text: string, seed: number, multiply: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), multiply)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ text.length ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

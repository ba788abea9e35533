// CRC-32C (Castagnoli; RFC 9260 appendix A), which neither Bun nor node has. A table of 256, byte by byte:
// what it is asked about is short.

/** 0x1EDC6F41 with its bits the other way round. */
const POLYNOMIAL = 0x82f63b78

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1
  return rest
})

/** Those of `[zeroFrom..zeroTo)` count as zeros, as a sum's own do. */
export function crc32c(bytes: Uint8Array, zeroFrom = bytes.length, zeroTo = bytes.length): number {
  let crc = 0xffffffff
  for (let at = 0; at < bytes.length; at++) {
    const byte = at >= zeroFrom && at < zeroTo ? 0 : (bytes[at] ?? 0)
    crc = (TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)
  }
  return (crc ^ 0xffffffff) >>> 0
}

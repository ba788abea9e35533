// IPv4 addresses that stand in IPv6 ones: what is refused as IPv4 is not reached in disguise.

/** The IPv4 address of ::ffff:a.b.c.d, which is the same address; else what was given. */
export const unmapped = (ip: Uint8Array): Uint8Array =>
  ip.length === 16 && isZero(ip, 0, 10) && ip[10] === 255 && ip[11] === 255 ? ip.subarray(12) : ip

/**
 * IPv4 addresses that packets to this IPv6 address may come to: NAT64 (RFC 6052, 8215), IPv4-compatible (RFC
 * 4291 §2.5.5.1), IPv4-translated (RFC 2765). 6to4 and Teredo are never reached, whatever is in them.
 */
export function embedded(ip: Uint8Array): readonly Uint8Array[] {
  if (ip.length !== 16) return []
  if (ip[0] === 0 && ip[1] === 0x64 && ip[2] === 0xff && ip[3] === 0x9b) return translated(ip)
  // ::a.b.c.d (not :: and ::1, which are addresses of their own) and ::ffff:0:a.b.c.d
  if (isZero(ip, 0, 12)) return isZero(ip, 12, 15) && (ip[15] ?? 0) <= 1 ? [] : [ip.subarray(12)]
  const isTranslated = isZero(ip, 0, 8) && ip[8] === 255 && ip[9] === 255 && ip[10] === 0 && ip[11] === 0
  return isTranslated ? [ip.subarray(12)] : []
}

// RFC 6052 §2.2: behind a prefix of 48, 56, 64 or 96 bits; byte 8 is 0 and is left out, what follows is 0.
function translated(ip: Uint8Array): readonly Uint8Array[] {
  const found = [ip.subarray(12)]
  if (isZero(ip, 4, 12) || ip[8] !== 0) return found
  const without8 = [...ip.subarray(0, 8), ...ip.subarray(9)]
  for (const at of [6, 7, 8])
    if (isZero(ip, at + 5, 16)) found.push(Uint8Array.from(without8.slice(at, at + 4)))
  // Where a shorter prefix fits, the last four bytes are all or partly its padding. What begins with 0 is an
  // address in none.
  const plausible = found.filter((v4) => v4[0] !== 0)
  return plausible.length > 0 ? plausible : found
}

function isZero(ip: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (ip[i] !== 0) return false
  return true
}

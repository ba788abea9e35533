// Numbers of history in 16 bits: 5 of exponent, 11 of mantissa. Whole numbers below 4096 are exact, larger
// ones to 1 in 4096, up to 4.4e12: half the memory of floats, and closer than any graph shows.

const MANTISSA_BITS = 11
const ONE = 1 << MANTISSA_BITS
const EXACT = ONE * 2
const LARGEST = 0xff_ff

/** A number from 0 on; fractions are rounded. */
export function toSmall(value: number): number {
  const whole = Math.round(value)
  if (whole < EXACT) return whole > 0 ? whole : 0
  let exponent = Math.floor(Math.log2(whole)) - MANTISSA_BITS + 1
  let mantissa = Math.round(whole / 2 ** (exponent - 1)) - ONE
  // Rounded up to the next power of two, or log2 was off by one there.
  if (mantissa >= ONE) {
    exponent++
    mantissa = 0
  }
  const small = exponent * ONE + Math.max(mantissa, 0)
  return small > LARGEST ? LARGEST : small
}

export function fromSmall(small: number): number {
  if (small < EXACT) return small
  return ((small & (ONE - 1)) + ONE) * 2 ** ((small >> MANTISSA_BITS) - 1)
}

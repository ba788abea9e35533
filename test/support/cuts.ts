// Ways to cut bytes into packets.
import { seededRandom } from './random.ts'

const EVERY_BYTE_MAX = 400

/**
 * Whole, in two at every byte (of long ones: at the ends, around the places given, and at some by chance),
 * and byte by byte where that is not too long.
 */
export function* cuts(bytes: Buffer, around: readonly number[] = []): Generator<readonly Buffer[]> {
  yield bytes.length === 0 ? [] : [bytes]
  for (const at of places(bytes.length, around)) yield [bytes.subarray(0, at), bytes.subarray(at)]
  if (bytes.length <= 4 * EVERY_BYTE_MAX)
    yield Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1))
}

function places(length: number, around: readonly number[]): number[] {
  const all = new Set<number>()
  const add = (at: number) => at > 0 && at < length && all.add(at)
  const ends = length <= EVERY_BYTE_MAX ? length : 150
  for (let at = 1; at <= ends; at++) [at, length - at].forEach(add)
  for (const at of around) for (let by = -4; by <= 4; by++) add(at + by)
  const random = seededRandom(length)
  for (let n = 0; n < 20; n++) add(1 + random.below(length))
  return [...all]
}

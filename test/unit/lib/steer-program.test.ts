import { expect, test } from 'bun:test'
import type { Instruction } from '../../../server/lib/classic-bpf.ts'
import { steerProgram } from '../../../server/lib/steer-program.ts'

const IP = 0xfff0_0000

/** The index that a program answers with for a packet whose IP header this is; throws where it is none. */
function answerOf(program: readonly Instruction[], header: Uint8Array): number {
  const at = new DataView(header.buffer)
  let [a, x] = [0, 0]
  const steps: Readonly<Record<number, (k: number) => void>> = {
    0x30: (k) => (a = at.getUint8(k - IP)),
    0x20: (k) => (a = at.getUint32(k - IP)),
    0x01: (k) => (x = k),
    0x07: () => (x = a),
    0xac: () => (a = (a ^ x) >>> 0),
    0x24: (k) => (a = Math.imul(a, k) >>> 0),
    0x74: (k) => (a >>>= k),
    0x94: (k) => (a %= k),
    0x04: (k) => (a = (a + k) >>> 0),
  }
  for (let i = 0; ; i++) {
    const [code, ifTrue, ifFalse, k] = program[i] ?? [0, 0, 0, 0]
    if (code === 0x16) return a
    else if (code === 0x05) i += k
    else if (code === 0x15) i += a === k ? ifTrue : ifFalse
    else if (steps[code] === undefined) throw new Error(`no instruction ${code} at ${i}`)
    else steps[code](k)
  }
}

function ipv4(a: number, b: number, c: number, d: number): Uint8Array {
  const header = new Uint8Array(20)
  header.set([0x45], 0)
  header.set([a, b, c, d], 12)
  return header
}

/** Eight groups of 16 bits. */
function ipv6(...groups: number[]): Uint8Array {
  const header = new Uint8Array(40)
  header.set([0x60], 0)
  for (const [i, group] of groups.entries()) header.set([group >> 8, group & 255], 8 + 2 * i)
  return header
}

/** How many of these each of the workers gets. */
function spread(count: number, headers: readonly Uint8Array[]): number[] {
  const program = steerProgram(count)
  const got = Array.from({ length: count }, () => 0)
  for (const header of headers) {
    const index = answerOf(program, header)
    got[index] = (got[index] ?? Number.NaN) + 1
  }
  return got
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Addresses as they come: one after the other, in steps, and from all over. */
const KINDS = {
  'neighbours of IPv4': numbers(4096).map((i) => ipv4(10, 0, i >> 8, i & 255)),
  'the first of each network of IPv4': numbers(4096).map((i) => ipv4(10, i >> 8, i & 255, 1)),
  'networks of IPv4 far apart': numbers(4096).map((i) => ipv4(1 + (i >> 5), (i & 31) * 8, 7, 9)),
  'neighbouring /64 of IPv6': numbers(4096).map((i) => ipv6(0x2001, 0xdb8, 0, i, 0, 0, 0, 1)),
  'neighbouring /48 of IPv6': numbers(4096).map((i) => ipv6(0x2001, 0xdb8, i, 0, 0, 0, 0, 1)),
  'neighbouring /32 of IPv6': numbers(4096).map((i) => ipv6(0x2001, i, 0, 0, 0, 0, 0, 1)),
}

test.each(Object.entries(KINDS))('%s are spread evenly over any number of workers', (_, headers) => {
  for (const count of [2, 3, 4, 5, 7, 8, 12, 16, 64]) {
    const fair = headers.length / count
    for (const got of spread(count, headers)) {
      expect(got).toBeGreaterThan(fair * 0.6)
      expect(got).toBeLessThan(fair * 1.5)
    }
  }
})

test('of an IPv6 address the first 64 bits count, of an IPv4 one all', () => {
  const program = steerProgram(64)
  const of64 = numbers(500).map((i) => answerOf(program, ipv6(0x2001, 0xdb8, 1, 2, i, 3, i * 7, i)))
  expect(new Set(of64).size).toBe(1)
  const of32 = numbers(256).map((i) => answerOf(program, ipv4(192, 0, 2, i)))
  expect(new Set(of32).size).toBeGreaterThan(40)
})

test('the halves of an IPv6 prefix are not the same when they are swapped', () => {
  const program = steerProgram(1024)
  const same = numbers(200).filter(
    (i) =>
      answerOf(program, ipv6(0x2001, i, 0x2002, 5, 0, 0, 0, 1)) ===
      answerOf(program, ipv6(0x2002, 5, 0x2001, i, 0, 0, 0, 1)),
  )
  expect(same.length).toBeLessThan(5)
})

test('the first index may be another', () => {
  const headers = KINDS['neighbours of IPv4']
  for (const header of headers.slice(0, 100))
    expect(answerOf(steerProgram(3, 5), header)).toBe(answerOf(steerProgram(3), header) + 5)
})

test('one worker gets all', () => {
  expect(spread(1, KINDS['neighbours of IPv4'])).toEqual([4096])
})

// What must hold for every beginning of a connection: the reader of ClientHellos never throws, never reads
// past what has come, and more bytes change no verdict but 'more'.
import { expect, test } from 'bun:test'
import { readClientHello } from '../../server/tls/client-hello.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'
import { inRecords } from '../support/hello.ts'
import { helloOf, HELLOS, type HelloName } from '../vectors/hellos.ts'
import { someCuts } from './inputs.ts'

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 4000)
const REAL = (Object.keys(HELLOS) as HelloName[]).map(helloOf)

/** A real one, in records of another size, with some bytes changed, left out or put in. */
function someHello(random: Random): Buffer {
  const whole = random.pick(REAL)
  const bytes = random.below(3) === 0 ? inRecords(whole.subarray(5), 1 + random.below(600)) : whole
  const pieces = [Buffer.from(bytes)]
  for (let times = random.below(5); times > 0; times--) {
    const all = Buffer.concat(pieces.splice(0))
    // Mostly where the lengths stand.
    const at = random.below(random.below(2) === 0 ? 12 : all.length)
    const gap = random.below(3)
    pieces.push(all.subarray(0, at), Buffer.from(random.bytes(random.below(3))), all.subarray(at + gap))
  }
  return Buffer.concat(pieces)
}

function check(bytes: Buffer, random: Random): boolean {
  const whole = readClientHello(bytes, bytes.length)
  const behind = Buffer.concat([bytes, Buffer.from(random.bytes(40))])
  expect(readClientHello(behind, bytes.length)).toEqual(whole)
  for (const cut of someCuts(random, bytes.length)) {
    const part = readClientHello(bytes, cut)
    if (part !== 'more') expect<typeof part>(whole as typeof part).toEqual(part)
  }
  return typeof whole === 'object'
}

test('hellos that are mangled', () => {
  const seed = seedOfRun()
  let accepted = 0
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(seed + run)
    const bytes = someHello(random)
    try {
      if (check(bytes, random)) accepted++
    } catch (problem) {
      const where = `SLUICE_SEED=${seed + run} SLUICE_FUZZ_RUNS=1, input ${bytes.toString('base64')}`
      throw new Error(`${where}: ${String(problem)}`, { cause: problem })
    }
  }
  if (RUNS > 100) expect(accepted).toBeGreaterThan(RUNS / 10)
})

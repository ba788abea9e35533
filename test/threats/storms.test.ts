// Threat: connections that come, stall, break and go in every order at once, until something of one of them
// stays behind.
//
// Many connections of every kind at once, with little room for what waits: whoever stays is served in the
// end, and of those that have gone nothing is left. SLUICE_SEED repeats a run, SLUICE_STORMS sets how many
// there are.
import { afterEach, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { bufferedBytes, limitBuffers } from '../../server/lib/buffers.ts'
import { startEngine } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { seedOfRun, seededRandom } from '../support/random.ts'
import { PARTS, startEcho, stormyScript } from '../support/stormy.ts'
import { pause, waitFor } from '../support/wait.ts'

const KIB = 1024
const STORMS = Number(process.env['SLUICE_STORMS'] ?? 2)
const CLIENTS = 80

afterEach(() => limitBuffers(256 * KIB * KIB))

const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0)

/** What went wrong, with the name of the part. */
async function storm(seed: number, isTight: boolean): Promise<string[]> {
  const random = seededRandom(seed)
  const echo = startEcho()
  await using origin = startOrigin(stormyScript)
  await using gateway = startEngine({
    config: {
      rules: [
        { name: 'echo', match: { path: '/ws' }, backend: 'echo' },
        { name: 'all', backend: 'origin' },
      ],
      backends: {
        origin: { servers: [{ url: origin.url }] },
        echo: { servers: [{ url: `http://127.0.0.1:${echo.port}` }] },
      },
    },
    listener: { half_close: random.pick(['abort', 'answer']) },
  })
  limitBuffers(isTight ? 64 * KIB : random.pick([64, 256, 1024, 256 * KIB]) * KIB)
  const names = Object.keys(PARTS)
  const parts = Array.from({ length: CLIENTS }, async (_, n) => {
    const own = seededRandom(seed * 1000 + n)
    const name = own.pick(names)
    await pause(own.below(400))
    await PARTS[name]?.(gateway.port(), own).catch((problem: unknown) => {
      throw new Error(`${name} ${n}: ${String(problem)}`)
    })
  })
  const problems = (await Promise.allSettled(parts)).flatMap((part) =>
    part.status === 'rejected' ? [String(part.reason)] : [],
  )
  await gateway.settled().catch((problem: unknown) => problems.push(String(problem)))
  echo.stop()
  return problems
}

test('whoever stays in a storm of connections is served, and nothing is left of the others', async () => {
  const first = seedOfRun()
  let before = Infinity
  for (let n = 0; n < STORMS; n++) {
    const seed = first + n
    expect({ seed, problems: await storm(seed, n === 0) }).toEqual({ seed, problems: [] })
    expect(bufferedBytes()).toBe(0)
    if (n === 0) before = descriptors() // some are opened once for all
  }
  await waitFor(() => descriptors() <= before, { what: 'every descriptor to be closed' })
})

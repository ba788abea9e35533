// A process of its own that takes tokens of the buckets, or counts in the windows, in descriptor 3, and says
// how many it got.
import { machineMs, tick } from '../../../server/lib/clock.ts'
import { Buckets } from '../../../server/scoreboard/buckets.ts'
import { Windows } from '../../../server/scoreboard/windows.ts'
import { pause } from '../../support/wait.ts'

const [task = '', keys = '1', rounds = '1'] = process.argv.slice(2)
const buckets = Buckets.shared(3)
const windows = Windows.shared(3)
const START_MS = 5_000_000

/** All processes begin when the test says so on stdin. */
async function together(): Promise<void> {
  process.stdout.write('here\n')
  for await (const _ of process.stdin) return
}

function nowMs(): number {
  tick()
  return machineMs()
}

const tasks: Record<string, () => Promise<void>> = {
  /** At one moment, of many keys in turn, each more often than there are tokens. */
  async still() {
    const limit = buckets.limit('still', { tokens: 100, perMs: 1000, burst: 50 })
    const passed: number[] = Array.from({ length: Number(keys) }, () => 0)
    let uncounted = 0
    await together()
    for (let round = 0; round < Number(rounds); round++)
      for (let key = 0; key < passed.length; key++) {
        if (buckets.take(limit, `key ${key}`, START_MS) < 0) continue
        passed[key]!++
        if (buckets.lastUncounted) uncounted++
      }
    process.stdout.write(JSON.stringify({ passed, uncounted }))
  },
  /** While time goes on: says when it first and last asked. */
  async moving() {
    const limit = buckets.limit('moving', { tokens: 5000, perMs: 1000, burst: 100 })
    let passed = 0
    await together()
    const firstMs = nowMs()
    let lastMs = firstMs
    for (let round = 0; round < Number(rounds); round++) {
      lastMs = nowMs()
      if (buckets.take(limit, 'one', lastMs) >= 0) passed++
    }
    process.stdout.write(JSON.stringify({ passed, firstMs, lastMs }))
  },
  /** As `still`, in sliding windows. */
  async 'windows-still'() {
    const window = windows.window('still', { requests: 50, perMs: 60_000 })
    const passed: number[] = Array.from({ length: Number(keys) }, () => 0)
    let uncounted = 0
    await together()
    for (let round = 0; round < Number(rounds); round++)
      for (let key = 0; key < passed.length; key++) {
        if (windows.take(window, `key ${key}`, START_MS) < 0) continue
        passed[key]!++
        if (windows.lastUncounted) uncounted++
      }
    process.stdout.write(JSON.stringify({ passed, uncounted }))
  },
  /** For so many ms: when each that passed was asked and answered. */
  async 'windows-moving'() {
    const window = windows.window('moving', { requests: 200, perMs: 1000 })
    const passed: [number, number][] = []
    await together()
    const endMs = nowMs() + Number(rounds)
    for (let askedMs = nowMs(); askedMs < endMs; askedMs = nowMs()) {
      for (let i = 0; i < 20; i++) {
        const left = windows.take(window, 'one', askedMs)
        if (left >= 0) passed.push([askedMs, nowMs()])
      }
      await pause(5)
    }
    process.stdout.write(JSON.stringify(passed))
  },
  /** Takes without end, until it is killed. */
  async forever() {
    const limit = buckets.limit('forever', { tokens: 1, perMs: 86_400_000, burst: 1000 })
    await together()
    for (let round = 0; ; round++) {
      buckets.take(limit, `key ${round % Number(keys)}`, START_MS + round)
      if (round % 10_000 === 0) await pause(0)
    }
  },
}
await tasks[task]?.()

import { describe, expect, test } from 'bun:test'
import { Pulse, waitedMs } from '../../../../server/control/children/pulse.ts'

/** Looks once a second until it hangs; how many looks that took, null when it did not. */
function looksUntilHung(pulse: Pulse, beatAt: (look: number) => number, looks: number): number | null {
  for (let look = 1; look <= looks; look++) if (pulse.look(beatAt(look), look * 1000)) return look
  return null
}

const neverWaited = { waitedMs: () => 0 }

describe('a pulse', () => {
  test('a process hangs after five looks in a row without a beat', () => {
    const pulse = new Pulse(neverWaited)
    expect(looksUntilHung(pulse, (look) => Math.min(look, 10), 100)).toBe(15)
    expect(pulse.silentMs).toBe(5000)
  })

  test('one that beats now and then does not', () => {
    expect(looksUntilHung(new Pulse(neverWaited), (look) => Math.floor(look / 4), 1000)).toBeNull()
  })

  test('looks that come late do not count: who looks was stopped as well', () => {
    const pulse = new Pulse(neverWaited)
    pulse.look(1, 1000)
    for (let look = 1; look < 50; look++) expect(pulse.look(1, 1000 + look * 1600)).toBe(false)
    expect(pulse.silentMs).toBe(0)
  })

  test('looks that are twice as far apart count twice', () => {
    const pulse = new Pulse(neverWaited)
    for (const atMs of [2000, 4000, 6000]) expect(pulse.look(1, atMs, 2000)).toBe(false)
    expect(pulse.look(1, 7000, 1000)).toBe(true)
  })

  test('one that waited for a processor most of the time is given thirty seconds', () => {
    let waited = 0
    const stuckWaiting = (eachMs: number) => () => {
      waited += eachMs
      return 1
    }
    const pulse = (): Pulse => new Pulse({ waitedMs: () => waited })
    expect(looksUntilHung(pulse(), stuckWaiting(800), 100)).toBe(31)
    // One that was given a processor, or wanted none, is not.
    expect(looksUntilHung(pulse(), stuckWaiting(100), 100)).toBe(6)
    expect(looksUntilHung(new Pulse({ waitedMs: () => null }), () => 1, 100)).toBe(6)
  })

  test('what it waited before it fell silent is no excuse', () => {
    let waited = 100_000
    const pulse = new Pulse({ waitedMs: () => waited })
    pulse.look(1, 1000)
    waited = 200_000
    for (let look = 2; look < 6; look++) expect(pulse.look(1, look * 1000)).toBe(false)
    expect(pulse.look(1, 6000)).toBe(true)
  })

  test('the system says how long a process has waited, and nothing of one that is gone', () => {
    expect(waitedMs(process.pid)).toBeGreaterThanOrEqual(0)
    expect(waitedMs(2 ** 30)).toBeNull()
  })
})

import { describe, expect, test } from 'bun:test'
import { Probation } from '../../../../server/control/processes/probation.ts'

const S = 1000

/** How the plan is judged at each death: of a worker that was started, and died, at these seconds. */
const judged = (
  probation: Probation,
  deaths: readonly (readonly [started: number, died: number])[],
): boolean[] =>
  deaths.map(([started, died]) => probation.failsBy({ startedMs: started * S }, false, died * S))

describe('a plan on probation', () => {
  test('fails by the fifth early death, and is told so once', () => {
    const probation = new Probation()
    probation.begin(0)
    const deaths = [1, 2, 3, 4, 5, 6, 7].map((at) => [at - 1, at] as const)
    expect(judged(probation, deaths)).toEqual([false, false, false, false, true, false, false])
  })

  test('begins anew with each plan', () => {
    const probation = new Probation()
    probation.begin(0)
    judged(
      probation,
      [1, 2, 3, 4].map((at) => [0, at]),
    )
    probation.begin(5 * S)
    expect(
      judged(
        probation,
        [6, 7, 8, 9, 10].map((at) => [5, at]),
      ),
    ).toEqual([false, false, false, false, true])
  })

  test('has proven itself after a minute: who dies then dies of something else', () => {
    const probation = new Probation()
    probation.begin(0)
    expect(
      judged(
        probation,
        [61, 62, 63, 64, 65, 66].map((at) => [at - 1, at]),
      ),
    ).not.toContain(true)
  })

  test('is not to blame for a worker that served it for long', () => {
    const probation = new Probation()
    probation.begin(0)
    for (let n = 0; n < 10; n++) expect(probation.failsBy({ startedMs: 0 }, true, 30 * S)).toBe(false)
    // One that never came so far is blamed however long it took.
    for (let n = 0; n < 5; n++) expect(probation.failsBy({ startedMs: 0 }, false, 30 * S)).toBe(n === 4)
  })

  test('nobody is blamed before there is a plan', () => {
    expect(
      judged(
        new Probation(),
        [1, 2, 3, 4, 5, 6].map((at) => [0, at]),
      ),
    ).not.toContain(true)
  })
})

// A step as a rule would have it, in a world that the test can look at.
import { makeStep, wordsOf } from '../../server/middleware/index.ts'
import type { MadeStep, Middleware } from '../../server/middleware/middleware.ts'
import type { MiddlewareConfig } from '../../server/middleware/middleware.options.ts'
import { privateRegion, scoreboardOn } from '../../server/scoreboard/region.ts'
import { makeSteps, scratchGround, type StepGround } from '../../server/snapshot/rule-steps.ts'

/** What steps stand on, in memory of their own. */
export const testGround = (more: Partial<StepGround> = {}): StepGround => ({
  ...scratchGround(scoreboardOn(privateRegion(1, 1), 0)),
  ...more,
})

/** The steps of a rule named "test". */
export const stepsOf = (
  items: readonly MiddlewareConfig[],
  { ground = testGround(), before = [] }: { ground?: StepGround; before?: readonly MadeStep[] } = {},
): MadeStep[] => makeSteps(items, { rule: 'test', ground, files: {}, before }, (_, make) => make())

/** The one step of an item; it is made whatever its mode. */
export function stepOf(item: MiddlewareConfig, ground: StepGround = testGround()): Middleware<unknown> {
  const [made] = stepsOf([item], { ground })
  if (made !== undefined) return made.step
  return makeStep(wordsOf(item), {
    ...ground,
    rule: 'test',
    earlier: [],
    previous: null,
    textOf: () => '',
    refuse: (_, answer) => answer,
  })
}

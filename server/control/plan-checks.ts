// What the supervisor asks of a config before it is applied, beyond what the file itself can tell.
import type { Config } from '../config/schema.ts'
import { privateRegion, scoreboardOn } from '../scoreboard/region.ts'
import type { ApplyProblem } from './apply.ts'
import type { Crew } from './crew.ts'
import type { PlanBody } from './worker.ts'
import { defaultWorkers } from './worker-command.ts'

/** Workers that a config wants; 0: everything in the supervisor's process. */
export const workersOf = ({ workers }: Config): number => workers ?? defaultWorkers()

/** What only a restart can change. */
export function restartProblems(
  config: Config,
  running: Config,
  crew: Pick<Crew, 'hasRoomFor'>,
): ApplyProblem[] {
  const problems: ApplyProblem[] = []
  const [before, after] = [workersOf(running), workersOf(config)]
  if (config.data !== running.data)
    problems.push({
      path: 'data',
      message: `found ${config.data}, in use is ${running.data}: a change needs a restart`,
    })
  if ((before === 0) !== (after === 0))
    problems.push({
      path: 'workers',
      message: `found ${after}, running are ${before}: a change from or to 0 needs a restart`,
    })
  else if (!crew.hasRoomFor(Math.max(1, after)))
    problems.push({
      path: 'workers',
      message: `found ${after}: so many more, those that still finish included, need a restart`,
    })
  return problems
}

/** Compiles a plan on a scratch scoreboard; throws what stands against it. */
export async function dryRun(plan: PlanBody): Promise<void> {
  const { compile } = await import('../snapshot/compile.ts')
  const board = scoreboardOn(privateRegion(plan.records, 1), 0)
  compile({ plan: { ...plan, sockets: [], reasons: {} }, board, previous: null })
}

// What the supervisor asks of a config before it is applied, beyond what the file itself can tell.
import { closeSync, constants, openSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'
import { inSlices } from '../../lib/slices.ts'
import { privateRegion, scoreboardOn } from '../../scoreboard/region.ts'
import { type ApplyProblem, NEEDS_RESTART } from '../problem.ts'
import type { Crew } from '../processes/crew.ts'
import type { PlanBody } from '../processes/worker.ts'
import { defaultWorkers } from '../processes/worker-command.ts'

/** Workers that a config wants; 0: everything in the supervisor's process. */
export const workersOf = ({ workers }: Config): number => workers ?? defaultWorkers()

/** Whether rules or listeners want what is shared by all workers for rate limits. */
export const takesTokens = ({ rules, listeners }: Config): boolean =>
  Object.values(listeners).some(hasRate) ||
  rules.some(({ middleware }) =>
    middleware.some(
      ({ rate_limit: limit, bandwidth_limit: pace }) =>
        limit?.algorithm === 'token_bucket' || (pace !== undefined && pace.key[0] !== 'request'),
    ),
  )

/** Whether rules want what is shared for sliding windows. */
export const takesWindows = ({ rules }: Config): boolean =>
  rules.some(({ middleware }) =>
    middleware.some(({ rate_limit: one }) => one?.algorithm === 'sliding_window'),
  )

/** Whether rules want what is shared for limits of what is under way. */
export const takesLeases = ({ rules }: Config): boolean =>
  rules.some(
    ({ middleware, max_connections: most }) =>
      most !== undefined ||
      // Of several workers one alone has a session of oidc renewed.
      middleware.some(
        ({ concurrency, oidc, tarpit }) =>
          concurrency !== undefined || oidc !== undefined || tarpit !== undefined,
      ),
  )

/** Whatever its protocol is: of each that has a rate, workers look for it there. */
const hasRate = ({ limits }: Config['listeners'][string]): boolean =>
  'rate' in limits && limits.rate !== undefined

/** How many there are of them, also when they are all one with the supervisor. */
export const workersWanted = (config: Config): number => Math.max(1, workersOf(config))

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
  for (const key of ['rate_limits', 'concurrency'] as const) {
    const [size, used] = [config.limits[key], running.limits[key]]
    if (size !== used)
      problems.push({
        path: `limits.${key}`,
        message: `found ${size}, in use are ${used} bytes: a change needs a restart`,
      })
  }
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
  return problems.map((one) => ({ ...one, code: NEEDS_RESTART }))
}

/** What stands against the access log of a config: workers that meet that later serve without it. */
export function accessLogProblem({ logs: { access } }: Config): ApplyProblem | null {
  if (!access.enabled || access.file === undefined) return null
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants
  try {
    closeSync(openSync(access.file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640))
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // A pipe whose reader is not there yet is as good as a full one.
    if (code === 'ENXIO') return null
    const hint = LOG_HINTS[code ?? '']
    return {
      path: 'logs.access.file',
      message: `cannot write ${access.file}: ${message}`,
      ...(hint === undefined ? {} : { hint }),
    }
  }
}

const LOG_HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'make the folder first',
  EACCES: 'let the user of the gateway write there',
  EISDIR: 'name a file, not a folder',
  EROFS: 'name a file on a disk that is writable',
}

/** Compiles a plan on a scratch scoreboard; throws what stands against it. */
export async function dryRun(plan: PlanBody): Promise<void> {
  const { compileSteps } = await import('../../snapshot/compile.ts')
  const board = scoreboardOn(privateRegion(plan.records, 1), 0)
  await inSlices(compileSteps({ plan: { ...plan, sockets: [], reasons: {} }, board, previous: null }))
}

// A process that loads one plugin, looks at what it exports and asks it what it thinks of its options. It
// answers once, and is gone.
import { messageOf } from '../../plugins/load.ts'
import type { PluginUse } from './plugin-uses.ts'
import type { Trial, TrialAnswer } from './plugin-bundles.ts'

export function pluginTrial(): Promise<number> {
  const exit = Promise.withResolvers<number>()
  process.on('disconnect', () => exit.resolve(0))
  process.once('message', (trial: Trial) => {
    void tried(trial).then((answer) => process.send?.({ answer }))
  })
  return exit.promise
}

async function tried({ path, uses }: Trial): Promise<TrialAnswer> {
  let exports: Readonly<Record<string, unknown>>
  try {
    exports = (await import(path)) as Readonly<Record<string, unknown>>
  } catch (error) {
    return { at: null, why: placed(error) }
  }
  for (const use of uses) {
    const why = whyNot(exports, use)
    if (why !== null) return { at: use.at, why }
  }
  return null
}

function whyNot(exports: Readonly<Record<string, unknown>>, { part, options }: PluginUse): string | null {
  if (typeof exports[part] !== 'function') {
    const all = Object.keys(exports)
    return `it exports no function ${part}${all.length === 0 ? '' : `; it exports ${all.join(', ')}`}`
  }
  if (part === 'rateLimitKey') return null
  try {
    const problems: unknown = (exports['check'] as ((options: unknown) => unknown) | undefined)?.(options)
    if (Array.isArray(problems) && problems.length > 0)
      return `its options: ${problems.map(messageOf).join('; ')}`
    // Made as workers make it: what it throws of wrong options is told before they meet it.
    const made = (exports[part] as (options: unknown, world: unknown) => unknown)(options, WORLD)
    const wanted = part === 'middleware' ? 'object' : 'function'
    return typeof made === wanted && made !== null ? null : `${part} returned no ${wanted}`
  } catch (error) {
    return placed(error)
  }
}

const WORLD = Object.freeze({ rule: '', now: () => performance.now(), log: () => {} })

/** With the first line of its own where that is known. */
function placed(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = /\(?(\/[^()\n]+:\d+:\d+)\)?/.exec(stack)?.[1]
  return `${messageOf(error)}${at === undefined ? '' : ` (${at})`}`
}

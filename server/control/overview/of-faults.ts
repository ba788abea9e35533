// Rules that have some of their requests fail, as somebody wants it: nobody is to look for what is wrong.
import type { Config } from '../../config/schema.ts'
import { faultWords } from '../../middleware/faults.ts'
import type { FaultsConfig } from '../../middleware/faults.options.ts'
import type { OverviewProblem } from './document.ts'
import type { Seen } from './seen.ts'
import { ageOf } from './words.ts'

interface Wanted {
  readonly rule: string
  readonly faults: FaultsConfig
  readonly untilMs: number
}

/** Looked for once for each config: it may have thousands of rules. */
const known = new WeakMap<Config, readonly Wanted[]>()

export function* faultProblems({ config, nowMs, file }: Seen): Generator<OverviewProblem> {
  if (config === null) return
  const wanted = known.get(config) ?? wantedIn(config)
  known.set(config, wanted)
  for (const [at, { rule, faults, untilMs }] of wanted.entries()) {
    if (untilMs <= nowMs) continue
    yield {
      id: `faults:${rule}:${at}`,
      ...{ state: 'injected', severity: 'warn', since: null },
      title: `Rule ${rule} has some of its requests fail, for another ${ageOf(untilMs - nowMs)}`,
      cause: `Its faults say so: ${faultWords(faults)}. They are over at ${faults.until}.`,
      remedy: 'Take the step faults out of the rule, or write mode: off.',
      about: { kind: 'config', name: file },
      actions: [{ kind: 'requests', label: 'Show requests', role: 'viewer' }],
    }
  }
}

const wantedIn = ({ rules }: Config): Wanted[] =>
  rules.flatMap(({ name, middleware }) =>
    middleware.flatMap(({ faults }) =>
      faults === undefined || faults.mode !== 'enforce'
        ? []
        : [{ rule: name, faults, untilMs: Date.parse(faults.until) }],
    ),
  )

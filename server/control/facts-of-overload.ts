// How near workers are to more than they can do, and what they refused for that.
import type { Config } from '../config/schema.ts'
import type { Totals } from '../telemetry/registry.ts'
import { Counter } from '../telemetry/series.ts'
import { processName } from '../worker/messages.ts'

interface Known {
  readonly running: { readonly edition: { readonly config: Pick<Config, 'overload'> } } | null
  readonly totals: Totals
  readonly workers: readonly { readonly slot: number }[]
}

type Cause = 'loop_lag' | 'memory' | 'descriptors'

/** How near workers are to too much, whether anything is refused or not. */
export interface OverloadDocument {
  readonly mode: 'enforce' | 'shadow' | 'off'
  /** What is too much, of those that are looked at: ms, bytes, a share of the limit of open files. */
  readonly limits: Readonly<Partial<Record<Cause, number>>>
  /** The largest share of new requests that is refused. */
  readonly most: number
  /** As of the last second. */
  readonly workers: readonly {
    readonly process: string
    readonly share: number
    /** 1 is too much. */
    readonly levels: Readonly<Partial<Record<Cause, number>>>
  }[]
  /** Since the start of the gateway, the highest priorities first. */
  readonly shed: readonly {
    readonly priority: number
    readonly cause: string
    readonly decision: string
    readonly requests: number
  }[]
}

const NOTHING: Config['overload'] = { mode: 'off', most: 0 }
const CAUSES = ['loop_lag', 'memory', 'descriptors'] as const

export function overloadDocument({ running, totals, workers: all }: Known): OverloadDocument {
  const { mode, most, ...words } = running?.edition.config.overload ?? NOTHING
  const looked = mode === 'off' ? [] : CAUSES.filter((cause) => words[cause] !== undefined)
  totals.collectAll()
  const told = new Map(
    [...totals.gaugesOf('overload_level'), ...totals.gaugesOf('overload_share')].map(
      ({ labels, value }) => [labels.join(' '), value] as const,
    ),
  )
  // A gauge that has always been 0 was never told.
  const workers = all
    .toSorted((a, b) => a.slot - b.slot)
    .map(({ slot }) => {
      const process = processName(slot)
      const levels = looked.map((cause) => [cause, told.get(`${cause} ${process}`) ?? 0])
      return { process, share: told.get(process) ?? 0, levels: Object.fromEntries(levels) }
    })
  return {
    mode: looked.length === 0 ? 'off' : mode,
    limits: Object.fromEntries(looked.map((cause) => [cause, words[cause]])),
    most,
    workers: looked.length === 0 ? [] : workers,
    shed: shedBy(totals),
  }
}

function shedBy(totals: Totals): OverloadDocument['shed'] {
  const all = totals.families.get('overload_shed_total')?.series.values() ?? []
  return [...all]
    .filter((series) => series instanceof Counter)
    .map(({ labels: [cause = '', decision = '', priority = '0'], value: requests }) => {
      return { priority: Number(priority), cause, decision, requests }
    })
    .toSorted((a, b) => b.priority - a.priority || a.cause.localeCompare(b.cause))
}

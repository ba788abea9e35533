// What workers refuse that have more to do than they can, as of the last second.
import type { Config } from '../config/schema.ts'
import type { Totals } from './registry.ts'
import { Counter } from './series.ts'

export interface OverloadFacts {
  /** Of new requests, 0 to 1, at the worker that refuses most. */
  readonly share: number
  /** So many refuse. */
  readonly workers: number
  readonly mode: 'enforce' | 'shadow'
}

interface Served {
  readonly running: { readonly edition: { readonly config: Pick<Config, 'overload'> } } | null
  readonly totals: Totals
}

/** Of the workers that refuse something, or would; left out: none does. */
export function overloadOf({ running, totals }: Served): { overload?: OverloadFacts } {
  const mode = running?.edition.config.overload.mode ?? 'off'
  const shares = totals.gaugesOf('overload_share').flatMap(({ value }) => (value > 0 ? [value] : []))
  if (mode === 'off' || shares.length === 0) return {}
  return { overload: { share: Math.max(...shares), workers: shares.length, mode } }
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

export function overloadDocument({ running, totals }: Served): OverloadDocument {
  const { mode, most, ...words } = running?.edition.config.overload ?? NOTHING
  const looked = mode === 'off' ? [] : CAUSES.filter((cause) => words[cause] !== undefined)
  totals.collectAll()
  const levelOf = new Map(
    totals.gaugesOf('overload_level').map(({ labels, value }) => [labels.join(' '), value] as const),
  )
  const workers = totals.gaugesOf('overload_share').map(({ labels: [process = ''], value: share }) => {
    const levels = looked.map((cause) => [cause, levelOf.get(`${cause} ${process}`) ?? 0])
    return { process, share, levels: Object.fromEntries(levels) }
  })
  return {
    mode: looked.length === 0 ? 'off' : mode,
    limits: Object.fromEntries(looked.map((cause) => [cause, words[cause]])),
    most,
    workers: looked.length === 0 ? [] : workers.toSorted((a, b) => a.process.localeCompare(b.process)),
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

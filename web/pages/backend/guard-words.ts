// What is said of breakers and of passive health: when they act, how they are, and what comes next.
import type { Circuit, PassiveState } from '../../data/api-types.ts'
import { clock, count, number, percent, spaced } from '../../data/say.ts'
import type { ServerLive, Shown } from '../../data/servers.ts'

/** As in the config, with every default. */
export interface BreakerFields {
  readonly mode?: string
  readonly failure_ratio?: number
  readonly min_requests?: number
  readonly window?: string
  readonly failures?: number
  readonly slow?: { readonly over?: string; readonly ratio?: number }
  readonly open_for?: string
  readonly open_for_max?: string
  readonly half_open_requests?: number
  readonly half_open_successes?: number
  readonly max_out?: number
}

export interface PassiveFields {
  readonly mode?: string
  readonly failures?: number
  readonly window?: string
  readonly faults_in_a_row?: number
  readonly success_rate?: false | object
  readonly cooldown?: string
  readonly cooldown_max?: string
  readonly max_out?: number
}

/** “opens above 50 % of at least 100 in 60 s, or after 5 in a row” */
export function opensWords(fields: BreakerFields): string {
  const { failure_ratio: ratio = 0.5, min_requests: least = 100, window = '60s', failures, slow } = fields
  const within = `${number(least)} in ${spaced(window)}`
  return [
    `opens ${shareWords(ratio)} of at least ${within} failed`,
    ...(failures === undefined ? [] : [`after ${number(failures)} failed in a row`]),
    ...(slow === undefined
      ? []
      : [`${shareWords(slow.ratio ?? 0.5)} took over ${spaced(slow.over ?? '2s')}`]),
  ].join(', or ')
}

const shareWords = (ratio: number): string =>
  ratio === 1 ? 'when all' : `when more than ${percent(ratio)} %`

/** “out after 5 failures in 30 s, or 5 in a row, or far below its peers” */
export function takesOutWords(fields: PassiveFields): string {
  const { failures = 5, window = '30s', faults_in_a_row: row = 5, success_rate: rate } = fields
  const rules = [
    ...(failures > 0 ? [`${count(failures, 'failure')} in ${spaced(window)}`] : []),
    ...(row > 0 ? [`${number(row)} in a row`] : []),
    ...(rate === false ? [] : ['a success rate far below its peers']),
  ]
  return rules.length === 0 ? 'no rule takes a server out' : `out after ${rules.join(', or ')}`
}

/** “At most half of the servers are out at once, by breakers and passive health together.” */
export function mostWords(maxOut = 0.5): string {
  const part =
    maxOut === 1 ? 'All servers may be' : maxOut === 0 ? 'No server is' : `At most ${shareOf(maxOut)} are`
  return `${part} out at once by breakers and passive health together${maxOut > 0 && maxOut < 1 ? '; one always may be' : ''}.`
}

const shareOf = (share: number): string =>
  share === 0.5 ? 'half of the servers' : `${percent(share)} % of the servers`

const CIRCUITS: Readonly<Record<string, Shown>> = {
  closed: { look: 'up', word: 'Closed' },
  open: { look: 'down', word: 'Open' },
  half_open: { look: 'warn', word: 'Half-open' },
}

/** Of late it had nothing to do: nothing is known. */
const UNUSED: Shown = { look: 'unk', word: 'Unused' }

/** In shadow mode nobody is kept out: it is no alarm. */
export function shownCircuit({ state, mode, window, ordered }: Circuit): Shown {
  if (ordered !== null && ordered.state === state && mode !== 'shadow')
    return { look: state === 'open' ? 'maint' : 'up', word: `Held ${state}` }
  if (state === 'closed' && window.requests === 0) return UNUSED
  const shown = CIRCUITS[state] ?? { look: 'unk', word: state }
  return mode === 'shadow' && state !== 'closed'
    ? { look: 'warn', word: `Would be ${shown.word.toLowerCase()}` }
    : shown
}

export function shownPassive({ state, mode, attempts }: PassiveState): Shown {
  if (state === 'in') return attempts === 0 ? UNUSED : { look: 'up', word: 'Not out' }
  return mode === 'shadow' ? { look: 'warn', word: 'Would be out' } : { look: 'down', word: 'Taken out' }
}

/** What failed within its window; of one that is not closed, at the moment when it opened. */
export function failedOf({ state, window, opening }: Circuit): {
  readonly failed: number
  readonly requests: number
} {
  const isKnown =
    opening !== null && ['failure_ratio', 'failures_in_a_row', 'half_open'].includes(opening.reason)
  return state === 'closed' || !isKnown ? window : opening
}

const OPENED: Readonly<Record<string, (opening: NonNullable<Circuit['opening']>) => string>> = {
  failure_ratio: ({ failed, requests }) => `at ${number(failed)} of ${number(requests)} failed`,
  failures_in_a_row: ({ failed_in_a_row: row }) => `after ${number(row)} failed in a row`,
  slow: ({ slow, requests }) => `as ${number(slow)} of ${number(requests)} were slow`,
  half_open: () => 'again, as one that was let through failed',
  manual: () => 'by a person',
  unknown: () => 'as a worker died in it',
}

/** “opened 02:57 at 98 of 138 failed, the 2nd time in a row”; without when it is tried again. */
export function circuitWords(circuit: Circuit): string {
  const { state, since, opening, ordered, went_well: well, half_open_successes: wanted } = circuit
  if (ordered !== null && state !== 'half_open') return orderedWords(ordered)
  if (state === 'half_open') {
    const { let_through: now, half_open_requests: most } = circuit
    return `${number(well)} of ${number(wanted)} that close it went well, ${number(now)} of ${number(most)} under way`
  }
  if (state === 'open') {
    const why = opening === null ? '' : ` ${OPENED[opening.reason]?.(opening) ?? ''}`
    const times = opening === null || opening.times < 2 ? '' : `, ${number(opening.times)} times in a row`
    return `opened${since === null ? '' : ` ${clock(since)}`}${why}${times}`
  }
  return [
    ...(circuit.window.slow > 0 ? [`${number(circuit.window.slow)} slow`] : []),
    ...(circuit.failed_in_a_row > 1 ? [`${number(circuit.failed_in_a_row)} failed in a row`] : []),
    ...(circuit.held_back > 0 ? [`held back ${times(circuit.held_back)}: too many others were out`] : []),
    ...(circuit.openings > 0 ? [`opened ${times(circuit.openings)} so far`] : []),
  ].join(' · ')
}

const times = (n: number): string => (n === 1 ? 'once' : `${number(n)} times`)

/** “held open by mira until 03:30: “disk swap”” */
function orderedWords({ state, by, until, reason }: NonNullable<Circuit['ordered']>): string {
  const end = until === null ? '' : ` until ${clock(until)}`
  return `held ${state} by ${by}${end}${reason === null ? '' : `: “${reason}”`}`
}

/** What a check found that the config has no more says nothing of now. */
export const lastCheckOf = ({ last_check: check, operational }: ServerLive): ServerLive['last_check'] =>
  operational === 'unchecked' ? undefined : check

/** “dynamic weight 2.4 of 3 · 40 % of it, as it came up lately”; '': it has its weight. */
export const weightWords = (live: ServerLive): string =>
  [
    ...dynamicWords(live),
    ...(live.slow_start === undefined ? [] : [`${percent(live.slow_start)} % of it, as it came up lately`]),
  ].join(' · ')

/** What a person orders dynamic weights leave alone. */
function dynamicWords({ weight, dynamic_weight, dynamic_weight_shadow, orders = [] }: ServerLive): string[] {
  if (dynamic_weight === undefined) return []
  if (orders.some(({ kind }) => kind === 'weight')) return ['dynamic weights leave an ordered weight alone']
  return dynamic_weight_shadow === true
    ? [`dynamic weight would be ${number(dynamic_weight)} in place of ${number(weight)} (shadow)`]
    : [`dynamic weight ${number(dynamic_weight)} of ${number(weight)}`]
}

/** “5 failures in 30 s (last connect refused), the 2nd time”; '': nothing failed. */
export function passiveWords({ state, reason, failures, last }: PassiveState): string {
  if (state === 'out') return (reason ?? '').replace(/^passive: /, '').replace(/, out for [^,]*/, '')
  return failures === 0 || last === null ? '' : `last ${last.replaceAll('_', ' ')}`
}

// What the gateway says of itself, for a terminal: the sentence, then each problem with its cause and what to
// do. The words are the gateway's own, as the dashboard has them.
import type { Overview, OverviewProblem } from '../control/overview/document.ts'
import { ageOf } from '../control/overview/words.ts'
import type { Scope } from './ask.ts'

/** More are counted: the worst come first. */
const PROBLEMS_MAX = 10

/** Empty: there is nothing to say. The sentence is of the whole gateway: of a part only problems are told. */
export function overviewText({ verdict, problems, left_out, time }: Overview, scope: Scope): string {
  const own = problems.filter((one) => isWithin(one, scope))
  const shown = own.slice(0, PROBLEMS_MAX).map((one) => problemText(one, Date.parse(time)))
  const left = own.length - shown.length + (scope === null ? left_out : 0)
  const more = left === 0 ? [] : [`and ${left} more: "sluice api /_overview" tells them\n`]
  const sentence = scope === null ? [`${[`${verdict.sentence}.`, verdict.detail].join(' ').trimEnd()}\n`] : []
  const parts = [...sentence, ...shown, ...more]
  return parts.length === 0 ? '' : `${parts.join('\n')}\n`
}

function isWithin({ about: { kind, name, backend } }: OverviewProblem, scope: Scope): boolean {
  if (scope === null) return true
  if (kind === 'listener' || kind === 'turn') return name === scope.listener
  return scope.backends.has(backend ?? (kind === 'backend' ? name : ''))
}

/** Of what ends soon a bare age is read as what is left. */
const ageIn = (state: string, age: string): string =>
  state === 'expiring' ? `told ${age} ago` : state === 'ending' ? `ordered ${age} ago` : age

function problemText({ state, since, title, cause, remedy }: OverviewProblem, nowMs: number): string {
  const age = since === null ? '' : ` (${ageIn(state, ageOf(nowMs - Date.parse(since)))})`
  const lines = [`${state.replaceAll('_', ' ')}${age}: ${title}`, ...indented(cause), ...indented(remedy)]
  return `${lines.join('\n')}\n`
}

const indented = (text: string | null): readonly string[] =>
  text === null || text === '' ? [] : [`  ${text}`]

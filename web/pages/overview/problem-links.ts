// Where a problem's buttons lead.
import type { Overview } from '../../data/api-types.ts'
import { queryOf, segment, to } from '../../data/urls.ts'

export type OverviewProblem = Overview['problems'][number]
export type ProblemAction = OverviewProblem['actions'][number]

/** The page of what it is about. */
export function pageAbout({ about }: Pick<OverviewProblem, 'about'>): string {
  const { kind, name, backend, line } = about
  switch (kind) {
    case 'backend':
      return to(`/backends/${segment(name)}`)
    case 'server':
      return to(`/backends/${segment(backend ?? '')}/servers/${segment(name)}`)
    case 'certificate':
      return to(`/certificates/${segment(name)}`)
    case 'listener':
      return to(`/listeners/${segment(name)}`)
    case 'config':
      return to(`/config${queryOf({ line })}`)
    case 'turn':
      return to('/realtime')
    default:
      return to('/activity')
  }
}

/** Null: it does something instead. */
export function linkOf(problem: OverviewProblem, action: ProblemAction): string | null {
  switch (action.kind) {
    case 'open':
      return action.label.includes('history') ? to('/config/history') : pageAbout(problem)
    case 'open_line':
      return to(`/config${queryOf({ line: action.line })}`)
    case 'requests':
      return to(`/activity/requests${queryOf({ backend: action.backend, status: '5xx' })}`)
    default:
      return null
  }
}

/** The looks of a severity. */
export const lookOf = ({ severity }: Pick<OverviewProblem, 'severity'>): 'down' | 'warn' | 'unk' =>
  severity === 'note' ? 'unk' : severity

/**
 * `not_yet_valid`: “Not yet valid”. What is down and hurts nobody yet degrades what it is of, as its shape
 * says.
 */
export const wordOf = ({ state, severity }: Pick<OverviewProblem, 'state' | 'severity'>): string => {
  if ((state === 'down' || state === 'open') && severity === 'warn') return 'Degraded'
  if (state === 'half_open') return 'Half-open'
  const words = state.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Around its age: of what ends soon a bare one is read as what is left. */
export function aroundAge({ state }: Pick<OverviewProblem, 'state'>): readonly [string, string] {
  if (state === 'expiring') return ['told ', ' ago']
  return state === 'ending' ? ['ordered ', ' ago'] : ['', '']
}

/** Cause and remedy in pieces: what is mono in the product's texts is between backticks. */
export function piecesOf(text: string): { readonly text: string; readonly isCode: boolean }[] {
  return text
    .split('`')
    .map((part, at) => ({ text: part, isCode: at % 2 === 1 }))
    .filter((piece) => piece.text !== '')
}

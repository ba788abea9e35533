// What a dry run found, in the rows of the draft that it comes from: each can be taken back on its own.
import type { Change } from './change.ts'
import { leavesOf } from './merge.ts'
import type { Tried } from './api-types.ts'

export type Difference = NonNullable<Tried['changes']>[number]

export interface ReviewLine {
  readonly difference: Difference
  /** What of it is changed: `weight`; '' where all of it is. */
  readonly name: string
  /** The field of the draft that it is of; null: none alone. */
  readonly field: readonly string[] | null
}

export interface ReviewRow {
  /** Null: it follows from others, or is of a text. */
  readonly change: Change | null
  /** "server api-1 of backend api". */
  readonly what: string
  readonly lines: readonly ReviewLine[]
}

const NOUNS: Readonly<Record<string, string>> = {
  listeners: 'listener',
  certificates: 'certificate',
  backends: 'backend',
  rules: 'rule',
}

/** `backends/api/servers/api-1` as the gateway calls it: "server api-1 of backend api". */
export function wordsOf(resource: string): string {
  const [kind = '', id = '', , server] = resource.split('/').map(decodeURIComponent)
  const of = `${NOUNS[kind] ?? kind} ${id}`
  return server === undefined ? of : `server ${server} of ${of}`
}

/** Changes of the draft with what each comes to; what is of none of them stands at the end. */
export function reviewRows(changes: readonly Change[], found: readonly Difference[]): ReviewRow[] {
  const rows = changes.map((change) => ({
    change,
    what: wordsOf(change.resource),
    lines: [] as ReviewLine[],
  }))
  const names = rows.map(({ change, what }) => [what, ...renamed(change)])
  const others: ReviewLine[] = []
  for (const difference of found) {
    const { what } = difference
    const isMove = difference.kind === 'moved'
    const fits = (test: (name: string) => boolean): number =>
      names.findIndex((all, at) => all.some(test) && (rows[at]?.change.op === 'move') === isMove)
    const exact = fits((name) => name === what)
    const at = exact >= 0 ? exact : fits((name) => what.endsWith(` of ${name}`))
    const row = rows[at]
    if (row === undefined) others.push(lineOf(difference, null))
    else row.lines.push(lineOf(difference, row.change))
  }
  return others.length === 0 ? rows : [...rows, { change: null, what: '', lines: others }]
}

/** What it is called once it has another name. */
function renamed(change: Change): string[] {
  const name = change.op === 'update' ? change.patch['name'] : null
  if (typeof name !== 'string') return []
  const list = change.resource.slice(0, change.resource.lastIndexOf('/'))
  return [wordsOf(`${list}/${encodeURIComponent(name)}`)]
}

function lineOf(difference: Difference, change: Change | null): ReviewLine {
  const { what, words, before, after, path, kind } = difference
  const rest = what !== '' && words.startsWith(`${what}: `) ? words.slice(what.length + 2) : words
  const values = ` ${before ?? 'none'} → ${after ?? 'none'}`
  const name = kind === 'changed' && rest.endsWith(values) ? rest.slice(0, -values.length) : rest
  const leaves = change?.op === 'update' ? leavesOf(change.patch) : []
  const leaf = leaves.find((one) => `.${path}.`.includes(`.${one.path.join('.')}.`))
  return { difference, name, field: leaf?.path ?? null }
}

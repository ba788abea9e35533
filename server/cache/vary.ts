// Which requests an answer was made for (RFC 9111 §4.1, RFC 9110 §12.5.5).
import type { EditableHead } from '../head/editable-head.ts'
import { type StoredHead, valuesOf } from './stored-head.ts'

/** A field that an answer goes by, and what it was. */
export interface Selecting {
  readonly lower: string
  /** As it is compared; null: the request had none. */
  readonly value: string | null
}

/**
 * What we write into requests ourselves: what came of it is not what the server saw. The scheme, host and
 * port that are told so are part of the key.
 */
const OURS: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-real-ip',
  'x-request-id',
  'client-cert',
  'client-cert-chain',
])
const IN_KEY: ReadonlySet<string> = new Set([
  'host',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
])
const NAMES_MAX = 32

/** Lower-case names of the fields that an answer goes by; null: there is no other request that it is for. */
export function variesBy(head: StoredHead): string[] | null {
  const names = new Set<string>()
  for (const value of valuesOf(head, 'vary')) {
    for (const one of value.split(',')) {
      const lower = one.trim().toLowerCase()
      if (lower === '' || IN_KEY.has(lower)) continue
      if (lower === '*' || OURS.has(lower) || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(lower)) return null
      names.add(lower)
    }
  }
  return names.size > NAMES_MAX ? null : [...names]
}

/**
 * What a request said in these fields when the store was asked by it (`seen`: what steps had made of it
 * then); null: a step behind the cache has changed one of them, so that its server saw what nobody is
 * compared by.
 */
export function selectingOf(
  names: readonly string[],
  request: EditableHead,
  seen: RequestEdits,
): Selecting[] | null {
  const selecting = names.map((lower) => ({ lower, value: comparable(lower, asked(lower, request, seen)) }))
  const now = editsNow(request)
  const isAsSeen = selecting.every(
    ({ lower, value }) => comparable(lower, asked(lower, request, now)) === value,
  )
  return isAsSeen ? selecting : null
}

export function isFor(selecting: readonly Selecting[], request: EditableHead): boolean {
  const now = editsNow(request)
  for (const { lower, value } of selecting)
    if (comparable(lower, asked(lower, request, now)) !== value) return false
  return true
}

/** What steps have made of a request's fields; null: nothing. */
export type RequestEdits = {
  readonly added: readonly { readonly lower: string; readonly value: string }[]
  readonly removed: ReadonlySet<string>
} | null

/** As they are now. */
export function editsNow({ edits }: EditableHead): RequestEdits {
  if (edits === null) return null
  return { added: [...edits.added], removed: new Set(edits.removed.map((name) => name.latin1Slice())) }
}

function asked(lower: string, request: EditableHead, edits: RequestEdits): string[] {
  if (edits === null) return request.values(lower)
  const added = edits.added.filter((one) => one.lower === lower).map(({ value }) => value)
  return edits.removed.has(lower) ? added : [...request.values(lower), ...added]
}

/** In the one spelling of all that mean the same; null: it has none. */
function comparable(lower: string, values: readonly string[]): string | null {
  if (values.length === 0) return null
  const value = values.join(',')
  if (lower === 'accept-encoding') return codings(value)
  // White space around commas means nothing, but within quotes.
  const plain = value.includes('"')
    ? value
    : value
        .split(',')
        .map((one) => one.trim())
        .join(',')
  return lower === 'accept-language' ? plain.toLowerCase() : plain
}

/** RFC 9110 §12.5.3: by their weights, those of one weight by their names. */
function codings(value: string): string {
  const byWeight = new Map<number, string[]>()
  for (const item of value.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    if (name === '') continue
    const weight = weightOf(parameters)
    byWeight.set(weight, [...(byWeight.get(weight) ?? []), name])
  }
  return [...byWeight.entries()]
    .toSorted(([one], [other]) => other - one)
    .map(([weight, names]) => `${weight === 0 ? '!' : ''}${names.toSorted().join(',')}`)
    .join('>')
}

function weightOf(parameters: readonly string[]): number {
  const said = parameters.find((one) => /^q\s*=/.test(one))
  const weight = said === undefined ? 1 : Number(said.slice(said.indexOf('=') + 1))
  return Number.isNaN(weight) ? -1 : weight
}

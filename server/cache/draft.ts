// What is to be stored of an answer, judged by its head alone.
import type { RequestHead } from '../head/request-head.ts'
import { Directives } from './directives.ts'
import { type NotStored, storable, type StoringRules } from './storable.ts'
import { type StoredHead, valuesOf } from './stored-head.ts'
import { selectingOf, variesBy } from './vary.ts'
import type { Draft, Visit } from './visit.ts'

export interface DraftRules extends StoringRules {
  /** Fields that hold tags. */
  readonly tags: readonly string[]
}

/** What is stored, or why nothing is. */
export type Judged = Omit<Draft, 'answeredMs'> | NotStored

const TAGS_MAX = 128
const TAG_LENGTH_MAX = 256

export function draftOf(
  { request }: { readonly request: RequestHead },
  head: StoredHead,
  { asked, isKnown, isOurs, flight, seen }: Pick<Visit, 'asked' | 'isKnown' | 'isOurs' | 'flight' | 'seen'>,
  rules: DraftRules,
): Judged {
  if (flight?.isVoid === true) return 'purged'
  // Pages and faults of our own are made for who asks.
  if (isOurs) return 'ours'
  const wants = {
    isNoStore: asked?.directives?.has('no-store') === true,
    hasCredentials: isKnown || asked?.hasCredentials === true,
  }
  const kept = storable(wants, head, new Directives(valuesOf(head, 'cache-control')), rules)
  if (typeof kept === 'string') return kept
  const selecting = selectingOf(variesBy(head) ?? [], request, seen)
  return selecting === null ? 'vary' : { head: kept, selecting, tags: tagsOf(head, rules.tags) }
}

/** Others that ask the same will find the same: none waits for another. */
export const isUsual = (why: NotStored): boolean => !UNUSUAL.has(why)

const UNUSUAL: ReadonlySet<NotStored> = new Set(['ours', 'status', 'purged', 'incomplete', 'memory'])

/** Tags stand with blanks (Surrogate-Key) or commas (Cache-Tag) between them. */
function tagsOf(head: StoredHead, names: readonly string[]): string[] {
  const tags = new Set<string>()
  for (const name of names)
    for (const value of valuesOf(head, name.toLowerCase()))
      for (const tag of value.split(/[\s,]+/))
        if (tag !== '' && tag.length <= TAG_LENGTH_MAX && tags.size < TAGS_MAX) tags.add(tag)
  return [...tags]
}

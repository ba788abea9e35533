// Going back on somebody's word: to what was served before, or to any text that is kept.
import {
  type Checked,
  type Edition,
  type EditionNote,
  type KeepsAdmin,
  problemOf,
  Refusal,
} from '../problem.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { Served } from './apply.ts'
import { boundsOf } from './check-given.ts'
import { hashOfFile, otherServed } from './file-part.ts'
import { otherFile } from './other-file.ts'
import type { RevisionBook } from './revision-book.ts'

export interface BackTo {
  /** Null: what was served before the present text. */
  readonly revision?: number | null
  readonly message?: string | null
  /** How the hash begins of what stands in the file; null: that of what is served. */
  readonly expected?: string | null
  /** `admin` stays as it is. */
  readonly keepsAdmin?: KeepsAdmin
}

export interface BackHands {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'check'>
  readonly book: Pick<RevisionBook, 'read'> | null
  readonly running: () => Served | null
}

export interface GoingBack {
  readonly to: Edition | number
  /** What it goes back from. */
  readonly from: Served | null
  readonly by: string | null
  readonly expected: string | null
  readonly note: EditionNote
}

/** What is to be served again, or what stands against it. */
export async function checkedBack(
  { to, from, by, expected, note }: GoingBack,
  { file, source, book, running }: BackHands,
): Promise<Checked> {
  const served = running()
  if (served?.edition.hash !== from?.edition.hash) return invalid(otherServed(served?.revision))
  // Of a file that was changed since, only who names it knows whether that is what is to be gone back from.
  const found = hashOfFile(file)
  if (found === null || !found.startsWith(expected ?? served?.edition.hash ?? 'none'))
    return { is: 'invalid', problems: [await otherFile(file, found, source)] }
  const as = { from: 'rollback', by, replaces: found } as const
  // What an admin has taken out since, nobody else brings back.
  const bounds = await boundsOf(note, served?.edition ?? null, file)
  const text = typeof to === 'number' ? (await book?.read(to))?.text : to.text
  if (text === undefined) return invalid(notKept(Number(to)))
  const { checked } = await source.check({ text, ...as, ...bounds })
  if (checked.is === 'valid') return { ...checked, edition: { ...checked.edition, note } }
  const isTheirs = !checked.problems.some(({ code }) => code === 'not-yours' || code === 'step_up_needed')
  return typeof to === 'number' || !isTheirs ? checked : { is: 'valid', edition: { ...to, ...as, note } }
}

/**
 * A text with what it takes from other files as that is now: a password that was changed since stays changed.
 * As it was where that cannot be read any more.
 */
export async function asNow(edition: Edition, source: Pick<WatchedConfig, 'check'>): Promise<Edition> {
  const { text } = edition
  const { checked } = await source.check({ text, from: 'rollback', by: null, replaces: null })
  return checked.is === 'valid' ? checked.edition : edition
}

export const notKept = (revision: number): Refusal =>
  new Refusal(
    'revision_not_kept',
    `revision ${revision} is not kept`,
    '"sluice history" lists those that are: the last 50',
  )

const invalid = (why: Error): Checked => ({ is: 'invalid', problems: [problemOf(why)] })

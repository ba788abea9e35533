// A text that somebody gives for the config file: whether it may take the place of what stands there, and
// what it means.
import type { Config } from '../../config/schema.ts'
import type { Edition, EditionNote } from '../problem.ts'
import type { GivenText } from '../source/config-source.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import { hashOf, hashOfFile } from './file-part.ts'
import { mayFillIn } from './keeps-admin.ts'
import { otherFile } from './other-file.ts'

/** A text that is to become that of the config file. */
export interface NewText {
  readonly text: string
  readonly by: string | null
  /** Whose dry runs wait together, however many there are; nothing: everybody's. */
  readonly account?: string
  /** The hash of what stands in the file, or how it begins; null: it is what is served. */
  readonly expected: string | null
  readonly isDryRun: boolean
  /** Aborted once whoever asked has gone: a dry run is given up then, and those behind it do not wait. */
  readonly signal?: AbortSignal
  /** It is taken back unless it is confirmed by then; null: it stays. */
  readonly confirmWithinMs: number | null
  readonly note?: EditionNote
  /**
   * What the text was found to mean, and to be sound, where `of` is what is served; null: it is read and
   * checked.
   */
  readonly found?: {
    readonly config: Config
    readonly of: Config
    /** What of it is to be compiled before it is served; null: nothing of it could be refused. */
    readonly added: Config | null
  } | null
  /** Work that can be done while workers get ready for it. */
  readonly meanwhile?: () => void
}

export interface GivenWorld {
  /** The config file. */
  readonly file: string
  readonly source: Pick<WatchedConfig, 'check'>
  /** What is served; null: nothing is. */
  readonly served: Edition | null
}

export async function checkGiven(
  { text, by, expected, isDryRun, signal, note = {}, found: known }: NewText,
  { file, source, served }: GivenWorld,
): ReturnType<WatchedConfig['check']> {
  const found = hashOfFile(file)
  if (found === null || !found.startsWith(expected ?? served?.hash ?? 'none'))
    return { checked: { is: 'invalid', problems: [await otherFile(file, found, source)] }, warnings: [] }
  const given = { text, from: 'api', by, replaces: found } as const
  // The same text may mean something else by now, as a file that it names has changed.
  if (known && known.of === served?.config) {
    const edition = { ...given, hash: hashOf(text), config: known.config, note }
    return { checked: { is: 'valid', edition }, warnings: [] }
  }
  const bounds = await boundsOf(note, served, file)
  const { checked, warnings } = await source.check({ ...given, ...bounds }, isDryRun ? signal : undefined)
  if (checked.is === 'invalid') return { checked, warnings }
  return { checked: { ...checked, edition: { ...checked.edition, note } }, warnings }
}

/** What the author of a text may have filled in and name in it. `served`: what it is to take the place of. */
export async function boundsOf(
  note: EditionNote,
  served: Edition | null,
  file: string,
): Promise<Pick<GivenText, 'fillsOnly' | 'namesOnly'>> {
  const { mayName } = await import('./may-name.ts')
  return { fillsOnly: mayFillIn(note, served), namesOnly: mayName(note, served, file) }
}

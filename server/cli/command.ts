// What a command of this program is, to the table of all and to completion.
import type { Io } from './io.ts'

export type Command = (args: readonly string[], io: Io) => Promise<number>

/** What a running gateway has names of. */
export type Names =
  | 'backends'
  | 'listeners'
  | 'balancers'
  | 'servers'
  | 'certificates'
  | 'revisions'
  | 'paths'

/**
 * What a shell completes a word to: a name, a file, one of these words, an example, or what the command's own
 * help lists as words that go with it.
 */
export type Completed = Names | 'files' | 'topics' | 'examples' | 'within' | readonly string[]

export interface CommandEntry {
  /** One line of `sluice -h`. */
  readonly does: string
  readonly load: () => Promise<Command>
  /** Its words beside options, for completion; left out: it has none that are known. */
  readonly words?: readonly Completed[]
}

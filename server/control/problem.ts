// What stands against a change, and what a change is: a text that was found to be a valid config.
import type { Config } from '../config/schema.ts'

/** Something that stands against a config, as a person reads it. */
export interface ApplyProblem {
  /** Where in the config: "listeners.web.bind"; empty when it is no single place. */
  readonly path: string
  readonly message: string
  /** Further facts of those who found it: file, line, column, hint. */
  readonly [fact: string]: unknown
}

/** The code of what is well in itself, and cannot be swapped in while the gateway runs. */
export const NEEDS_RESTART = 'needs_restart'

/** The code of what was not looked at, as so much waits already. */
export const TOO_MANY = 'too_many'

/** A config with what it was made of, and where it came from. */
export interface Edition {
  /** As it stood in the file, or is to stand there. */
  readonly text: string
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly hash: string
  readonly config: Config
  readonly from: 'file' | 'api' | 'rollback' | 'discovery'
  /** Who wanted it, where that is known. */
  readonly by: string | null
  /**
   * The hash of what must stand in the config file when this text takes its place there; null: the file is
   * left as it is.
   */
  readonly replaces: string | null
  /** For the list of revisions; nothing: it came by the file. */
  readonly note?: EditionNote
}

export type KeepsAdmin = 'role' | 'step_up' | null

/** What is kept of a change beside its text. */
export interface EditionNote {
  /** By which door it came. */
  readonly source?: 'ui' | 'api' | 'cli'
  /** Of its author, or why it came back by itself. */
  readonly message?: string | null
  /** `admin` stays as it is: its author is no admin, or one whose password was given too long ago. */
  readonly keepsAdmin?: KeepsAdmin
  /** The revision whose text it is. */
  readonly restores?: number | null
}

/** A revision that was served, and went back unasked. */
export interface TakenBackFact {
  readonly revision: number
  readonly why: string
}

/** Why the newest config is not the one that is served. */
export interface Rejection {
  readonly timeMs: number
  readonly problems: readonly ApplyProblem[]
  /** It was served, and was taken back unasked. */
  readonly takenBack?: TakenBackFact
}

export type Checked =
  | { readonly is: 'valid'; readonly edition: Edition }
  | { readonly is: 'invalid'; readonly problems: readonly ApplyProblem[] }

/** Whatever was thrown, as a problem. */
export function problemOf(error: unknown): ApplyProblem {
  const { path, code } = error as { path?: unknown; code?: unknown }
  const message = error instanceof Error ? error.message : String(error)
  const place = typeof path === 'string' ? path : ''
  return error instanceof Refusal && typeof code === 'string'
    ? { path: place, message, code, ...(error.hint !== null && { hint: error.hint }) }
    : { path: place, message }
}

/** A problem that is thrown, with a code that programs may ask for. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly hint: string | null

  constructor(code: string, message: string, hint: string | null = null) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

// Serving again what was served before, unasked: of a text that was not confirmed, or that workers die of.
import type { ApplyProblem, Checked, Edition } from '../problem.ts'
import { isOnlyUnwritten } from './confirmation.ts'
import { hashOfFile } from './file-part.ts'

export interface TakenBack {
  /** What is served again. */
  readonly to: () => Promise<Edition>
  readonly why: string
  /** Whether what is to be taken back is still what is served. */
  readonly isServed: () => boolean
}

export interface TakeBackHands {
  /** The config file. */
  readonly file: string
  readonly running: () => Edition | null
  /** The hash of what is served, where we wrote it into the file. */
  readonly written: () => string | null
  /** `isInFile`: what is taken back still stands there. */
  readonly change: (
    check: () => Promise<Checked | null>,
    isInFile: boolean,
  ) => Promise<{ readonly is: string; readonly problems?: readonly ApplyProblem[] }>
}

/** Why it was, for people; null: it was not. */
export async function takeBack(
  { to, why, isServed }: TakenBack,
  hands: TakeBackHands,
): Promise<string | null> {
  let hasBeenServed = true
  const checkFor = (isWriting: boolean) => async (): Promise<Checked | null> => {
    // What has been applied since is not what is to be taken back.
    hasBeenServed = isServed()
    if (!hasBeenServed) return null
    const hash = hands.running()?.hash ?? null
    // What we wrote is taken back as well. A file that a person wrote is theirs.
    const isOurs = isWriting && hash === hands.written() && hashOfFile(hands.file) === hash
    const edition: Edition = {
      ...(await to()),
      ...{ from: 'rollback', by: null, replaces: isOurs ? hash : null, note: { message: why } },
    }
    return { is: 'valid', edition }
  }
  const changed = await hands.change(checkFor(true), false)
  if (!hasBeenServed) return null
  if (changed.is === 'applied') return why
  if (!isOnlyUnwritten(changed.problems ?? [])) return null
  // A full disk keeps nothing in service that is to be taken back.
  const again = await hands.change(checkFor(false), true)
  if (again.is !== 'applied' || !hasBeenServed) return null
  return `${why}; ${hands.file} cannot be written, and still has its text`
}

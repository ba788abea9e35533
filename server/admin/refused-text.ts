// Texts that could not take the place of the config file: as somebody else has changed it meanwhile, as it is
// gone or no config any more, or as it cannot be written. Whoever made one gets what it takes to go on, as
// far as they may read the file.
import { type Static, Type } from '@sinclair/typebox'
import { hashOf, NOT_WRITABLE } from '../control/change/file-part.ts'
import { TOO_MANY } from '../control/problem.ts'
import { unifiedDiff } from '../lib/unified-diff.ts'
import { textOnDisk } from './config-status.ts'
import { problem, type ProblemItem } from './problem.ts'

export interface RefusedText {
  /** The config file. */
  readonly file: string
  /** What it was made from; without its text where nobody has that any more. */
  readonly base: { readonly text: string | null; readonly hash: string }
  readonly text: string
  readonly errors: readonly ProblemItem[]
  /** Its author may read the whole file; default true. */
  readonly seesFile?: boolean
}

/** Texts up to here are told in the answer. */
const TEXT_CHARS_MAX = 1024 * 1024

/** It was not even looked at; null: it was. */
export function notLookedAt(
  errors: readonly { readonly code?: unknown; readonly message: string }[],
): Response | null {
  const found = errors.find(({ code }) => code === TOO_MANY)
  if (found === undefined) return null
  const detail = `${found.message.slice(0, 1).toUpperCase()}${found.message.slice(1)}: nothing was looked at.`
  return problem('too_many', detail, { headers: { 'Retry-After': '1' } })
}

/** Null: it is for another reason. */
export function refusedText(refused: RefusedText): Response | null {
  const { errors } = refused
  const unseen = notLookedAt(errors)
  if (unseen !== null) return unseen
  const other = otherFileIn(errors)
  if (other !== null) return otherFile(refused, other)
  return errors.some(({ code }) => code === NOT_WRITABLE) ? readOnly(refused) : null
}

/** It changes what is for admins, or for a fresh password of theirs; null: it does not. */
export function refusedToAuthor(errors: readonly ProblemItem[]): Response | null {
  if (errors.some(({ code }) => code === 'step_up_needed'))
    return problem('step_up_needed', 'Part of what is changed needs a fresh password.', { errors })
  return errors.some(({ code }) => code === 'admin_only' || code === 'not-yours')
    ? problem('forbidden', 'It was refused: part of what is changed is for admins.', {
        ...{ errors, members: { required_role: 'admin' } },
      })
    : null
}

/** What `errors` tell more of. */
const DETAILS = {
  file_changed: (file: string) => `${file} is not what this was made from: somebody else has changed it.`,
  file_missing: (file: string) => `Nothing was written: ${file} cannot be read.`,
  file_broken: (file: string) => `Nothing was written: ${file} is no valid config as it stands.`,
}
type OtherFile = keyof typeof DETAILS

/** Why the file is not the one that a change was made from; null: it is. */
export const otherFileIn = (
  errors: readonly { readonly code?: unknown; readonly message: string }[],
): OtherFile | null =>
  (Object.keys(DETAILS) as OtherFile[]).find((code) => errors.some((item) => item.code === code)) ?? null

/** It is not what it was: what that was, what it is, and what it would have become. */
function otherFile({ file, base, text, errors, seesFile = true }: RefusedText, code: OtherFile): Response {
  const disk = textOnDisk(file)
  const version = (said: string | null, hash: string | null): object => ({
    hash,
    text: seesFile && said !== null && said.length <= TEXT_CHARS_MAX ? said : null,
  })
  return problem(code, DETAILS[code](file), {
    errors,
    hint:
      code === 'file_changed'
        ? 'look at what stands there, then make the change again from that'
        : (errors.find((item) => item.code === code)?.hint ?? ''),
    members: {
      base: version(base.text, base.hash),
      theirs: version(disk?.text ?? null, disk?.hash ?? null),
      yours: version(text, hashOf(text)),
    },
  })
}

/** Of a dry run: the change is sound, and this file cannot be given it. */
export const UNWRITTEN = Type.Object(
  {
    cause: Type.String(),
    hint: Type.String(),
    patch: Type.Optional(Type.String({ description: 'That makes the change where the file comes from.' })),
  },
  { title: 'Unwritten' },
)

/** What is told of a text that the file cannot be given, and what can be done all the same. */
export function unwritten(
  { file, text, seesFile = true }: Pick<RefusedText, 'file' | 'text' | 'seesFile'>,
  { message, hint }: { readonly message: string; readonly hint?: unknown },
): Static<typeof UNWRITTEN> {
  const instead = seesFile
    ? 'the patch makes the change where the file comes from'
    : 'change it where it comes from'
  const isSaid = typeof hint === 'string' && hint.includes(instead)
  return {
    cause: message,
    hint: typeof hint === 'string' ? (isSaid ? hint : `${hint}; or ${instead}`) : instead,
    ...(seesFile && { patch: patchTo(file, text) }),
  }
}

function patchTo(file: string, text: string): string {
  const disk = textOnDisk(file)?.text ?? ''
  return unifiedDiff(disk, text, { names: [file, file] }).slice(0, TEXT_CHARS_MAX)
}

function readOnly({ errors, ...refused }: RefusedText): Response {
  const why = errors.find(({ code }) => code === NOT_WRITABLE)
  const { patch, ...told } = unwritten(refused, { message: why?.message ?? '', hint: why?.hint })
  return problem('file_read_only', `${refused.file} cannot be written: nothing was changed.`, {
    ...{ errors, ...told },
    ...(patch !== undefined && { members: { patch } }),
  })
}

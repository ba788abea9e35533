// What is said where the config file is not the one that a change was made from: somebody has changed it, it
// is gone, or what was written into it is no config, which is told first, as no change goes on from that.
import { readBounded } from '../../lib/read-bounded.ts'
import { type ApplyProblem, problemOf, Refusal } from '../problem.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import { fileChanged, hashOf } from './file-part.ts'

/** No config file is larger. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024

/** `found` is the hash of what stands there; null: it cannot be read. */
export async function otherFile(
  file: string,
  found: string | null,
  source: Pick<WatchedConfig, 'check'>,
): Promise<ApplyProblem> {
  const why = found === null ? null : await whyBroken(file, found, source)
  if (found === null || why === null) return problemOf(fileChanged(file, found))
  const hint = `mend it there ("sluice check ${file}" tells all of it), or write over it: expect its hash ${found}`
  return problemOf(new Refusal('file_broken', `${file} is no valid config as it stands: ${why}`, hint))
}

/** Null: it is a config, or another file by now. */
async function whyBroken(
  file: string,
  found: string,
  source: Pick<WatchedConfig, 'check'>,
): Promise<string | null> {
  let bytes: Uint8Array
  try {
    bytes = readBounded(file, TEXT_BYTES_MAX)
  } catch {
    return null
  }
  if (hashOf(bytes) !== found) return null
  const text = new TextDecoder().decode(bytes)
  const { checked } = await source.check({ text, from: 'api', by: null, replaces: null })
  if (checked.is === 'valid') return null
  const [first] = checked.problems
  if (first === undefined) return 'it was refused'
  const { path, message, line, column } = first
  const place = typeof line === 'number' ? `line ${line}:${String(column)}` : ''
  return `${[place, path].filter((part) => part !== '').join(' ')}${place + path === '' ? '' : ': '}${message}`
}

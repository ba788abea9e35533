// Hashes of configs and their parts, for those who may not read secrets in them. Made with a key that no
// other gateway has, and that stays over restarts: whoever sees one cannot try at home which secret gives it.
import { createHmac, randomBytes } from 'node:crypto'
import { isAtLeast, type Principal } from './principal.ts'
import { StateKey } from './state-key.ts'

/** By data folder: a process has one gateway, tests have several. */
const known = new Map<string, Uint8Array>()
/** In place of one that cannot be read; tags are others after a restart then. */
const passing = randomBytes(32)

/** The key of the gateway with this data folder. */
export function tagKeyOf(data: string): Uint8Array {
  let key = known.get(data)
  if (key === undefined) {
    key = keyOrPassing(data)
    known.set(data, key)
  }
  return key
}

function keyOrPassing(data: string): Uint8Array {
  try {
    return new StateKey(data).derive('etag')
  } catch {
    // What has no users yet, or a folder that cannot be written, is told where the store is opened.
    return passing
  }
}

/** A hash of a text as it is told to those who may not read the text. */
export const markedHash = (hash: string, data: string): string =>
  createHmac('sha256', tagKeyOf(data)).update(hash).digest('hex')

/** A hash of a text as somebody is told it: who may read the text could make it as well. */
export const hashFor = (
  { role }: Pick<Principal, 'role'>,
  { hash, config }: { readonly hash: string; readonly config: { readonly data: string } },
): string => (isAtLeast(role, 'editor') ? hash : markedHash(hash, config.data))

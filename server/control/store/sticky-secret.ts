// What sticky cookies are signed with where config names no secret: made once, of the key in the data folder.
// Workers have it with their plan, and nobody else.
import { randomBytes } from 'node:crypto'
import { needsSecret } from '../../backends/sticky-words.ts'
import type { Config } from '../../config/schema.ts'
import { logEvent } from '../../telemetry/log.ts'
import { StateKey } from './state-key.ts'

/** By data folder: a process has one gateway, tests have several. What is served goes on with it. */
const known = new Map<string, string>()

/** Undefined: no backend of this config needs one. */
export function stickySecretFor({ backends, data }: Pick<Config, 'backends' | 'data'>): string | undefined {
  if (!Object.values(backends).some(needsSecret)) return undefined
  let secret = known.get(data)
  if (secret === undefined) {
    secret = Buffer.from(keyOrPassing(data)).toString('hex')
    known.set(data, secret)
  }
  return secret
}

/** Without the folder sessions stay for as long as this process does. */
function keyOrPassing(data: string): Uint8Array {
  try {
    return new StateKey(data).derive('sticky')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const hint =
      'sessions move when the gateway restarts; write a "secret" beside "sticky", or let it write there'
    logEvent('warn', 'sticky_secret_passing', { why, hint })
    return randomBytes(32)
  }
}

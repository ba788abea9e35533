// Secrets of a plan that its config does not name: made once, of the key in the data folder. Workers have
// them with their plan, and nobody else.
import { randomBytes } from 'node:crypto'
import { needsSecret } from '../../backends/sticky-words.ts'
import type { Config } from '../../config/schema.ts'
import { logEvent } from '../../telemetry/log.ts'
import { StateKey } from './state-key.ts'

interface Purpose {
  /** What it is derived for. */
  readonly name: 'sticky' | 'session'
  /** What tells that it passes. */
  readonly event: string
  /** What becomes of things without the folder, and what to do. */
  readonly hint: string
}

/** What sticky cookies are signed with. */
const STICKY: Purpose = {
  name: 'sticky',
  event: 'sticky_secret_passing',
  hint: 'sessions move when the gateway restarts; write a "secret" beside "sticky", or let it write there',
}

/** What cookies of sign-ins by oidc are sealed with. */
const SESSION: Purpose = {
  name: 'session',
  event: 'session_secret_passing',
  hint: 'people must sign in anew when the gateway restarts; write session.secret, or let it write there',
}

type Words = Pick<Config, 'auth' | 'backends' | 'data'>

interface Secrets {
  readonly stickySecret: string | undefined
  readonly sessionSecret: string | undefined
}

/** Those that a plan needs; undefined: it names them itself, or needs none. */
export const secretsFor = ({ auth, backends, data }: Words): Secrets => ({
  stickySecret: Object.values(backends).some(needsSecret) ? secretIn(data, STICKY) : undefined,
  sessionSecret: Object.values(auth.oidc).some(isUnnamed) ? secretIn(data, SESSION) : undefined,
})

const isUnnamed = ({ session }: Config['auth']['oidc'][string]): boolean =>
  session.secret === undefined && session.secrets === undefined

/** By purpose and data folder: a process has one gateway, tests several. What is served goes on with it. */
const known = new Map<string, string>()

function secretIn(data: string, purpose: Purpose): string {
  const key = `${purpose.name} ${data}`
  let secret = known.get(key)
  if (secret === undefined) {
    secret = Buffer.from(keyOrPassing(data, purpose)).toString('hex')
    known.set(key, secret)
  }
  return secret
}

/** Without the folder it is good for as long as this process lives. */
function keyOrPassing(data: string, { name, event, hint }: Purpose): Uint8Array {
  try {
    return new StateKey(data).derive(name)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    logEvent('warn', event, { why, hint })
    return randomBytes(32)
  }
}

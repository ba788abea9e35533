// What cookies of sign-ins by oidc are sealed with where config names no secret: made once, of the key in the
// data folder. Workers have it with their plan, and nobody else.
import { randomBytes } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import { logEvent } from '../../telemetry/log.ts'
import { StateKey } from './state-key.ts'
import { stickySecretFor } from './sticky-secret.ts'

/** By data folder: a process has one gateway, tests have several. What is served goes on with it. */
const known = new Map<string, string>()

interface Secrets {
  readonly stickySecret: string | undefined
  readonly sessionSecret: string | undefined
}

/** Those that a plan needs as its config names none. */
export const secretsFor = (config: Config): Secrets => ({
  stickySecret: stickySecretFor(config),
  sessionSecret: sessionSecretFor(config),
})

/** Undefined: no provider of this config needs one. */
export function sessionSecretFor({ auth, data }: Pick<Config, 'auth' | 'data'>): string | undefined {
  const needsOne = ({ session }: Config['auth']['oidc'][string]): boolean =>
    session.secret === undefined && session.secrets === undefined
  if (!Object.values(auth.oidc).some(needsOne)) return undefined
  let secret = known.get(data)
  if (secret === undefined) {
    secret = Buffer.from(keyOrPassing(data)).toString('hex')
    known.set(data, secret)
  }
  return secret
}

/** Without the folder people stay signed in for as long as this process lives. */
function keyOrPassing(data: string): Uint8Array {
  try {
    return new StateKey(data).derive('session')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const hint =
      'people must sign in anew when the gateway restarts; write session.secret, or let it write there'
    logEvent('warn', 'session_secret_passing', { why, hint })
    return randomBytes(32)
  }
}

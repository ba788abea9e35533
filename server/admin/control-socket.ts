// The control socket: the door of the admin API for commands of the same user.
import { mkdirSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { peerUids } from '../lib/peer-uids.ts'
import { brokenAnswer } from './problem.ts'
import type { Shell } from './shell.ts'

/** Each route says how much it takes, and no more is read: what Bun refuses it refuses without a reason. */
const BODY_BYTES_MAX = Number.MAX_SAFE_INTEGER
/**
 * A reload may take longer than Bun waits by itself: workers have ten seconds to answer, and replacements are
 * started. In seconds.
 */
const IDLE_S = 60

export interface ControlSocketOptions {
  /** A Unix socket that is not there yet. */
  readonly path: string
  readonly shell: Pick<Shell, 'answer'>
}

/** Opens the control socket, for this user alone. Throws when it cannot. */
export function startControlSocket({ path, shell }: ControlSocketOptions): { stop(): void } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const mask = process.umask(0o177)
  try {
    const server = Bun.serve({
      unix: path,
      // The types of Bun know it for ports only.
      ...({ idleTimeout: IDLE_S } as object),
      maxRequestBodySize: BODY_BYTES_MAX,
      development: false,
      error: brokenAnswer,
      fetch: (request, serving) => {
        const connected = peerUids(basename(path))
        const uids = connected.length > 0 ? connected : [uid]
        const caller = { door: 'unix', address: 'unix', uids, isSecure: false } as const
        return shell.answer({ request, server: serving, caller, host: '' })
      },
    })
    // Whom the file belongs to, where the system does not tell who asks.
    const { uid } = statSync(path)
    return { stop: () => void server.stop(true) }
  } finally {
    process.umask(mask)
  }
}

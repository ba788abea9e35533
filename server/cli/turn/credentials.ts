// sluice turn credentials: makes time-limited credentials, as an application that shares the secret would.
import { parseDuration } from '../../lib/durations.ts'
import { canonicalAddress } from '../../lib/ip-address.ts'
import { makeCredentials } from '../../turn/state/rest-names.ts'
import { type Args, readArgs } from '../args.ts'
import type { Io } from '../io.ts'
import { iceServersOf } from '../../lib/ice-servers.ts'
import { readSecret } from '../secret-file.ts'
import { findTurnListener, type FoundListener } from './find-listener.ts'
import { usageLine } from '../usage.ts'

const HELP = `Makes time-limited credentials of a turn listener, as an application that shares its secret would.

Usage: sluice turn credentials [-c FILE] [--listener NAME] [--user NAME] [--ttl TIME] [--host HOST] [--json]
       sluice turn credentials --secret SECRET | --secret-file FILE [--user NAME] [--ttl TIME] [--json]

  -c, --config FILE       the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --listener NAME     the listener; needed when there is more than one
      --secret SECRET     this secret, in place of the listener's first one. Other users of this machine see it in the
                          list of processes, and your shell keeps it: better name a file
      --secret-file FILE  the same from a file, or from stdin (-)
      --user NAME         whom quotas count it for; where the config has no secrets: one of its users, whose password is told
      --ttl TIME          how long they are good; default 24h
      --host HOST         the public name or address of the gateway, for the URLs of --json
      --json              print a document that a browser takes as it is: new RTCPeerConnection(document)
  -h, --help              this text

Exit code: 0 done; 1 the listener has no secret, or the config is not valid; 2 wrong usage.
`

interface Made {
  readonly username: string
  readonly password: string
  /** Null: they stay. */
  readonly expiresMs: number | null
}

/** Prints a user name and its password. */
export async function turnCredentials(args: readonly string[], io: Io, nowMs = Date.now()): Promise<number> {
  const read = readArgs(args, { options: OPTIONS })
  const wrong = 'problem' in read ? read.problem : usageProblem(read)
  if ('problem' in read || wrong !== null) return usageLine('turn credentials', wrong ?? '', io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const found = needsConfig(read) ? findTurnListener(read.value('config'), read.value('listener'), io) : null
  const made = found !== null && 'problem' in found ? found : make(read, found, io, nowMs)
  if ('problem' in made) {
    io.stderr(`sluice turn credentials: ${made.problem}\n`)
    return 1
  }
  const own = found === null || 'problem' in found ? null : found
  io.stdout(read.flag('json') ? jsonOf(made, own, read.value('host'), io) : textOf(made))
  return 0
}

const OPTIONS = {
  config: { short: 'c', takes: 'value' },
  listener: { takes: 'value' },
  secret: { takes: 'value' },
  'secret-file': { takes: 'value' },
  user: { takes: 'value' },
  ttl: { takes: 'value' },
  host: { takes: 'value' },
  json: { takes: 'flag' },
} as const

const TTL = '24h'
/** A user name has less than 509 bytes (RFC 8489 §14.3), of which the expiry takes some. */
const USER_BYTES_MAX = 496

function usageProblem(read: Args): string | null {
  const [secret, file, user] = [read.value('secret'), read.value('secret-file'), read.value('user') ?? '']
  if (secret !== null && file !== null) return 'either "--secret" or "--secret-file"'
  if (secret === '') return '"--secret" is empty'
  if (/\p{Cc}/u.test(user) || Buffer.byteLength(user) > USER_BYTES_MAX)
    return `"--user" is at most ${USER_BYTES_MAX} bytes without control characters`
  const ttl = read.value('ttl')
  if (ttl !== null && (parseDuration(ttl) ?? 0) < 1000)
    return `"${ttl}" is no time from 1s to 24d, such as 10m or 24h`
  return hostProblem(read)
}

function hostProblem(read: Args): string | null {
  const host = read.value('host')
  if (host === null) return null
  if (!read.flag('json')) return '"--host" needs "--json"'
  if (!needsConfig(read)) return '"--host" needs "-c": the ports stand in the config'
  const isGood = /^[A-Za-z0-9._-]+$/.test(host) || canonicalAddress(host.replace(/^\[(.*)\]$/, '$1')) !== null
  return isGood ? null : `"${host}" is no name or address; its port stands in the config`
}

/** With a secret on hand the config only tells URLs. */
const needsConfig = (read: Args): boolean =>
  (read.value('secret') ?? read.value('secret-file')) === null ||
  (read.value('config') ?? read.value('listener')) !== null

function make(
  read: Args,
  found: FoundListener | null,
  io: Io,
  nowMs: number,
): Made | { readonly problem: string } {
  const user = read.value('user') ?? ''
  const secret = secretOf(read, found, io)
  if (typeof secret === 'string') {
    const ttlMs = parseDuration(read.value('ttl') ?? TTL) ?? 0
    const expiresMs = Math.floor((nowMs + ttlMs) / 1000) * 1000
    return { ...makeCredentials(secret, user, 0, expiresMs / 1000), expiresMs }
  }
  const { auth } = found?.listener ?? { auth: 'none' }
  const users = auth === 'none' ? {} : auth.users
  const password = Object.hasOwn(users, user) ? users[user] : undefined
  return password === undefined ? secret : { username: user, password, expiresMs: null }
}

function secretOf(read: Args, found: FoundListener | null, io: Io): string | { readonly problem: string } {
  const file = read.value('secret-file')
  if (file !== null) return readSecret(file, io)
  const given = read.value('secret')
  if (given !== null) return given
  if (found === null) return { problem: 'there is no secret' }
  const { auth } = found.listener
  if (auth === 'none')
    return { problem: `listener "${found.name}" lets everybody in (auth: none): no credentials are needed` }
  const [first] = auth.secrets
  const names = Object.keys(auth.users).slice(0, 12).join(', ')
  const problem = `listener "${found.name}" has no secrets to make credentials with; name a user with --user: ${names}`
  return first ?? { problem }
}

const timeOf = (expiresMs: number): string => new Date(expiresMs).toISOString().replace('.000Z', 'Z')

function textOf({ username, password, expiresMs }: Made): string {
  const expires = expiresMs === null ? '' : `expires   ${timeOf(expiresMs)}\n`
  return `username  ${username}\npassword  ${password}\n${expires}`
}

function jsonOf(
  { username, password, expiresMs }: Made,
  found: FoundListener | null,
  host: string | null,
  io: Io,
): string {
  const expires = expiresMs === null ? null : timeOf(expiresMs)
  const document = { username, password, expires }
  if (found === null) return `${JSON.stringify(document)}\n`
  const { iceServers, note } = iceServersOf(found, host, { username, credential: password })
  if (note !== null) io.stderr(`sluice turn credentials: ${note}\n`)
  return `${JSON.stringify({ ...document, iceServers })}\n`
}

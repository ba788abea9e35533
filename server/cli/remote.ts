// Which gateway a command means: the one that runs with a config file here, or one that is named by the URL
// of its admin listener, with a token.
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { readPipeToo } from '../lib/read-bounded.ts'
import type { Args, OptionShape } from './args.ts'
import { whyFailed } from './failure.ts'
import { findGateway, type Gateway } from './gateway.ts'
import { DEFAULT_URL } from './seen-gateway.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'
import { Access } from './way.ts'

/** What every command takes that asks a running gateway. */
export const GATEWAY_OPTIONS = {
  config: { short: 'c', takes: 'value' },
  admin: { takes: 'value' },
  token: { takes: 'value' },
  fingerprint: { takes: 'value' },
  ca: { takes: 'value' },
} as const satisfies Readonly<Record<string, OptionShape>>

/** And what their help says of it, as lines behind those of their own options. */
export const GATEWAY_HELP = `
Which gateway:
  -c, --config FILE         the config file of one that runs here; default ./sluice.yaml, then /etc/sluice/sluice.yaml. It is asked
                            through its data folder: by the user that it runs as, or root
      --admin URL           ask this admin listener instead, also that of another machine; with a path where a proxy in front of it takes
                            that off
      --token TOKEN         who asks there; @FILE reads it from a file; default: SLUICE_TOKEN of the environment
      --fingerprint SHA256  of the certificate that it must have, in place of being signed by somebody who is trusted here
      --ca FILE             PEM of who signed its certificate
`

const FILE_BYTES_MAX = 1024 * 1024

/** The one that the arguments mean; a number is the exit code where they mean none. */
export function gatewayOf(command: string, read: Args, io: Io): Gateway | number {
  const admin = read.value('admin')
  const [fingerprint, caFile, named] = [read.value('fingerprint'), read.value('ca'), read.value('token')]
  if (admin === null) {
    const odd = [
      ['token', named],
      ['fingerprint', fingerprint],
      ['ca', caFile],
    ].find(([, value]) => value !== null)
    if (odd !== undefined) return usageLine(command, `--${odd[0]} goes with --admin`, io)
    return findGateway(command, read.value('config'), io)
  }
  const url = urlOf(admin)
  if (url === null) return usageLine(command, `"${admin}" is no URL such as ${DEFAULT_URL}`, io)
  const odd = whyOdd(url)
  if (odd !== null) return usageLine(command, `--admin ${odd}`, io)
  const digits = fingerprint?.replaceAll(':', '').toLowerCase() ?? null
  if (digits !== null && !/^[0-9a-f]{64}$/.test(digits))
    return usageLine(command, `--fingerprint takes a SHA-256: 64 hexadecimal digits, colons or none`, io)
  if ((digits !== null || caFile !== null) && url.protocol !== 'https:')
    return usageLine(command, `--${digits === null ? 'ca' : 'fingerprint'} goes with an https URL`, io)
  if (digits !== null && caFile !== null)
    return usageLine(command, '--fingerprint and --ca are two ways to trust it: give one', io)
  try {
    const ca = caFile === null ? null : textOf(caFile, io)
    const token = named?.startsWith('@') === true ? textOf(named.slice(1), io).trim() : (named ?? tokenIn(io))
    return remoteGateway({ command, url, access: { token, ca, fingerprint: digits } }, io)
  } catch (error) {
    io.stderr(
      `sluice ${command}: ${error instanceof Error && 'path' in error ? `${String(error.path)}: ` : ''}${whyFailed(error)}\n`,
    )
    return 1
  }
}

interface Remote {
  readonly command: string
  readonly url: URL
  readonly access: ConstructorParameters<typeof Access>[0]
}

function remoteGateway({ command, url, access }: Remote, io: Io): Gateway | number {
  const { token } = access
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    return usageLine(command, 'the token has characters that no token has', io)
  if (token !== null && url.protocol === 'http:' && !isHere(url.hostname)) {
    io.stderr(
      `sluice ${command}: the token would go to ${url.origin} in clear: ask by https (which the gateway asks for, too)\n`,
    )
    return 1
  }
  // A path is that of a proxy in front, which takes it off again.
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  const ways = [{ url: base, access: new Access(access) }]
  return { command, ways, closed: null, whenNone: `no gateway answers at ${base}`, isRemote: true }
}

/** What a URL has that would not be asked for; null: nothing. */
function whyOdd({ username, password, search, hash, pathname, origin }: URL): string | null {
  // What was given is not repeated: it may be a password.
  if (username !== '' || password !== '')
    return `names a user: nobody signs in by the URL; say who asks with --token or SLUICE_TOKEN ("sluice admin token" makes one)`
  if (search !== '' || hash !== '')
    return `has a ${search === '' ? '"#"' : '"?"'} behind its path, and what follows is never asked for: leave it out`
  const own = /^\/+(?:_admin|api|_health|_metrics|metrics)(?:\/|$)/.exec(pathname)
  if (own !== null) return `names the gateway, not a page of it: ${origin} in place of ${origin}${pathname}`
  return null
}

/** Null: it is no URL, nor an address without its scheme. */
function urlOf(text: string): URL | null {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url : null
}

const isHere = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))

const tokenIn = ({ env }: Io): string | null => env['SLUICE_TOKEN']?.trim() || null

const textOf = (file: string, { cwd }: Io): string =>
  Buffer.from(readPipeToo(resolve(cwd, file), FILE_BYTES_MAX)).toString('utf8')

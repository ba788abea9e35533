// How TLS is spoken with servers: what a config says of it, ready for handshakes, and what of one handshake
// serves the next.
import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import { nowMs } from '../lib/clock.ts'
import { certificatesIn, chainText } from '../lib/pem.ts'
import { isUnixPath } from '../lib/server-url.ts'
import type { NativeContext } from './certificate.ts'
import type { ServerTlsWords } from './server-tls.options.ts'
import { trustedHere } from './trusted-here.ts'

/** What stands in the files that the words name, PEM. */
export interface ServerTlsTexts {
  /** Of each file; null: those of the system are trusted. */
  readonly ca: readonly string[] | null
  readonly cert: string | null
  readonly key: string | null
}

const NO_TEXTS: ServerTlsTexts = { ca: null, cert: null, key: null }
const PLAIN_WORDS: ServerTlsWords = { verify: true, ca: [], pin: [], min_version: 'TLSv1.2', resume: true }
/** Longer no session is resumed: what was known of a certificate may have changed. */
const SESSION_MS_MAX = 3_600_000

/** That of the servers of one backend. */
export class ClientTls {
  readonly words: ServerTlsWords
  texts: ServerTlsTexts
  /** For handshakes that begin now; connections that were made under another one are not used again. */
  context: NativeContext

  /** Throws where the texts cannot be read, or do not fit together. */
  constructor(words: ServerTlsWords = PLAIN_WORDS, texts: ServerTlsTexts = NO_TEXTS) {
    this.words = words
    this.texts = texts
    this.context = contextOf(words, texts)
  }

  /** Other texts take the place of these, for connections from now on. Throws as the constructor does. */
  replace(texts: ServerTlsTexts): void {
    if (Bun.deepEquals(texts, this.texts)) return
    this.context = contextOf(this.words, texts)
    this.texts = texts
  }

  isOf(words: ServerTlsWords = PLAIN_WORDS, texts: ServerTlsTexts = NO_TEXTS): boolean {
    return Bun.deepEquals(words, this.words) && Bun.deepEquals(texts, this.texts)
  }
}

interface Session {
  readonly bytes: Buffer
  /** What it was agreed under. */
  readonly context: NativeContext
  readonly untilMs: number
}

/** That of one server. */
export class ServerTls {
  readonly client: ClientTls
  /**
   * What its certificate must be for: a name, in lower case without a dot behind it, or an address. Empty: it
   * is at a Unix socket, and nothing says so (then it is not verified).
   */
  readonly name: string
  /** What it is asked for (RFC 6066 §3: never an address); undefined: nothing. */
  readonly sni: string | undefined
  #session: Session | null = null

  /**
   * `host`: that of its URL, without brackets, or the path of a Unix socket; `name` goes before all that the
   * config says of it.
   */
  constructor(client: ClientTls, host: string, name: string | null = null) {
    const { server_name = isUnixPath(host) ? '' : host } = client.words
    this.client = client
    this.name = (name ?? server_name).toLowerCase().replace(/\.$/, '')
    this.sni = this.name === '' || isIP(this.name) !== 0 ? undefined : this.name
  }

  /** The session to be resumed; null: none. */
  get session(): Buffer | null {
    const session = this.#session
    if (session === null || session.context !== this.client.context || nowMs > session.untilMs) return null
    return session.bytes
  }

  /** One was agreed, with a certificate that is good for so long. */
  keep(bytes: Buffer, context: NativeContext, forMs: number): void {
    this.#session = { bytes, context, untilMs: nowMs + Math.min(forMs, SESSION_MS_MAX) }
  }

  /** A handshake failed: whatever the reason, the next one begins anew. */
  forget(): void {
    this.#session = null
  }
}

/** Backends that say the same share one: what the system trusts takes some ms and a MB to read. */
const plain = new Map<string, NativeContext>()

function contextOf({ min_version: minVersion }: ServerTlsWords, texts: ServerTlsTexts): NativeContext {
  const isPlain = texts.ca === null && texts.cert === null
  const known = isPlain ? plain.get(minVersion) : undefined
  if (known !== undefined) return known
  const made = makeContext(minVersion, texts)
  if (isPlain) plain.set(minVersion, made)
  return made
}

function makeContext(
  minVersion: ServerTlsWords['min_version'],
  { ca, cert, key }: ServerTlsTexts,
): NativeContext {
  // Loaded here: most gateways speak no TLS with servers.
  const { createSecureContext } = process.getBuiltinModule('node:tls')
  const issuers = ca === null ? trustedHere() : ca.flatMap((text) => certificatesIn(text).blocks)
  if (ca !== null && issuers?.length === 0) throw new Error('"ca" holds no PEM certificate')
  const own = cert === null || key === null ? {} : { cert: chainText(cert), key }
  const trust = issuers === null ? {} : { ca: [...issuers] }
  return (createSecureContext({ ...trust, ...own, minVersion }) as SecureContext).context as NativeContext
}

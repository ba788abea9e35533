// What went wrong with a CA: its own words (RFC 7807 documents, RFC 8555 §6.7), how long it asks us to wait,
// and what a person can do about it.

/** One of several that a CA tells of at once, each about a name. */
export interface Subproblem {
  readonly type: string
  readonly detail: string
  /** The name that it is about. */
  readonly name: string | null
}

export interface ProblemFacts {
  /** Without "urn:ietf:params:acme:error:"; one of our own where the CA gave none: see OWN_TYPES. */
  readonly type: string
  readonly detail: string
  /** 0: there was no answer. */
  readonly status?: number
  readonly subproblems?: readonly Subproblem[]
  /** Before that it is not to be asked again; null: it says nothing of that. */
  readonly retryAtMs?: number | null
  /** Names whose challenges failed. */
  readonly names?: readonly string[]
}

export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem'
  readonly type: string
  readonly detail: string
  readonly status: number
  readonly subproblems: readonly Subproblem[]
  readonly retryAtMs: number | null
  readonly names: readonly string[]

  constructor({ type, detail, status = 0, subproblems = [], retryAtMs = null, names = [] }: ProblemFacts) {
    super(textOf(detail === '' ? type : detail))
    this.type = type
    this.detail = textOf(detail)
    this.status = status
    this.subproblems = subproblems
    this.retryAtMs = retryAtMs
    const told = subproblems.flatMap(({ name }) => name ?? [])
    this.names = [...new Set([...names, ...told])]
  }

  /** The CA wants to hear nothing of us for a while: another try would only make it longer. */
  get isStop(): boolean {
    return (
      this.type === 'rateLimited' || this.status === 429 || (this.status === 503 && this.retryAtMs !== null)
    )
  }
}

const DETAIL_LENGTH_MAX = 1000
const SUBPROBLEMS_MAX = 100

/** A problem document; `fallback` is said where it is none. */
export function readProblem(body: unknown, fallback: Omit<ProblemFacts, 'subproblems'>): AcmeProblem {
  const { type, detail, subproblems, identifier } = mapOf(body)
  const all = Array.isArray(subproblems) ? subproblems.slice(0, SUBPROBLEMS_MAX) : []
  const name = valueOf(identifier)
  return new AcmeProblem({
    ...fallback,
    type: typeOf(type) ?? fallback.type,
    detail: typeof detail === 'string' && detail !== '' ? textOf(detail) : fallback.detail,
    names: [...(fallback.names ?? []), ...(name === null ? [] : [name])],
    subproblems: all.map((one) => {
      const { type: kind, detail: why, identifier: about } = mapOf(one)
      return {
        type: typeOf(kind) ?? '',
        detail: typeof why === 'string' ? textOf(why) : '',
        name: valueOf(about),
      }
    }),
  })
}

/** One line, and not without end: it is shown and kept. */
export const textOf = (text: string): string => oneLine(text).slice(0, DETAIL_LENGTH_MAX)

/** Nothing that a terminal would heed. */
export const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')

function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The word of a type; null: it is none of ACME. It is shown, kept and compared. */
function typeOf(type: unknown): string | null {
  const [, word] = typeof type === 'string' ? (TYPE.exec(type) ?? []) : []
  return word ?? null
}
const TYPE = /^urn:ietf:params:acme:error:([A-Za-z0-9]{1,64})$/

/** Null: no name or address that a certificate may be for. */
function valueOf(identifier: unknown): string | null {
  const { value } = mapOf(identifier)
  return typeof value === 'string' && /^[\w*.:-]{1,255}$/.test(value) ? value : null
}

/** What a person can do, by the type of a problem (RFC 8555 §6.7, and our own). */
const HINTS: Readonly<Record<string, string>> = {
  accountDoesNotExist:
    'the account was ended at the CA: remove its file from acme/accounts in the data folder',
  badCSR: 'the CA does not take this kind of certificate: try another key_type',
  caa: 'a CAA record of the domain forbids this CA: add one that names it, or use another issuer',
  connection:
    'the CA could not connect to the domain: does its address lead here, on port 80 (http-01) or 443 (tls-alpn-01), through every firewall?',
  dns: 'the domain has no address that the CA can find: look at its name and its DNS records',
  externalAccountRequired: 'this CA wants an account made on its site: write its "eab" (kid and hmac)',
  incorrectResponse:
    'something else answered in our place: does the address of the domain, IPv6 too, lead here, and no other server or CDN before it?',
  invalidProfile: 'write one of those for "profile", or leave it out',
  malformed: 'is it the "directory" of an ACME CA, and are the domains names that it may sign?',
  rateLimited: 'wait: the CA takes no more for now; use its staging directory while trying things out',
  rejectedIdentifier: 'the CA does not sign this name: is it a public one, spelled right?',
  serverInternal: 'the fault is at the CA: it is tried again by itself',
  tls: 'the CA reached a server that did not answer its TLS challenge: does port 443 of the domain lead here, with no TLS before it?',
  unauthorized:
    'the CA got another answer than ours: does the address of the domain, IPv6 too, lead here, and no other server or CDN before it?',
  unsupportedContact: 'the CA does not take this "email"',
  invalidContact: 'the CA does not take this "email"',
  unsupportedIdentifier: 'the CA signs no names of this kind (an address, or a name with "*")',
  userActionRequired: 'the CA wants something done on its site: see its words',
  // Our own.
  unreachable: 'is there a way to the CA from this machine (DNS, firewall, HTTPS_PROXY)?',
  untrusted: 'the certificate of the CA itself is not trusted: name the CA that signed it by "ca"',
  notAcme: 'is it the "directory" of an ACME CA?',
  noChallenge: 'the CA offers no such challenge for this name: a name with "*" needs dns-01',
  hook: 'see what the command of "dns" wrote, in the step log: sluice certificates NAME',
  timeout: 'it is tried again by itself',
}

/** What is found here, and no word of a CA. */
const OURS: ReadonlySet<string> = new Set(['unreachable', 'untrusted', 'timeout', 'hook'])

/** In a line: what a CA says, or what came between. */
export function toldOf(issuer: string, { type, message, subproblems }: AcmeProblem): string {
  if (OURS.has(type)) return `${type}: ${message}`
  const parts = subproblems.map(({ name, type: kind, detail }) => `${name ?? ''} ${kind}: ${detail}`)
  return [`${issuer} says: ${type}: ${message}`, ...parts].join('; ')
}

/** What to do about it; null: nothing that we know of. */
export function hintFor({ type, subproblems, names }: AcmeProblem): string | null {
  const [first] = subproblems
  const hint = HINTS[type === 'compound' ? (first?.type ?? '') : type] ?? null
  return hint === null || names.length === 0 ? hint : `${names.join(', ')}: ${hint}`
}

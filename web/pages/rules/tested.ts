// The request that is tested: as the address has it, as it is asked, and what came of it.
import type { ExplainedAny } from '../../../server/control/explain/explain-any.ts'
import type { PastedRequest } from '../../data/curl.ts'

export interface TestedRequest {
  readonly method: string
  readonly url: string
  readonly client: string
  /** `Name: value`. */
  readonly headers: readonly string[]
  /** Where it comes in; '': where its port leads. */
  readonly listener: string
  /** Of a connection: protocols that its TLS offers, `h2, http/1.1`. */
  readonly alpn: string
}

/** Their values stay out of the address: links are passed on and kept in histories. */
const SECRET = /^(?:authorization|cookie|proxy-authorization|x-api-key)\s*:/i

export const isKeptOut = (header: string): boolean => SECRET.test(header)

export const requestIn = (query: URLSearchParams): TestedRequest => ({
  url: query.get('test') ?? '',
  method: query.get('method') ?? 'GET',
  client: query.get('client') ?? '',
  headers: query.getAll('header'),
  listener: query.get('at') ?? '',
  alpn: query.get('alpn') ?? '',
})

export const addressOf = ({ url, method, client, headers, listener, alpn }: TestedRequest) => ({
  test: url,
  method: method === 'GET' ? null : method,
  client: client === '' ? null : client,
  header: headers.filter((one) => !isKeptOut(one)),
  at: listener === '' ? null : listener,
  alpn: alpn === '' ? null : alpn,
})

export interface ExplainBody {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string | string[]>
  readonly client?: string
  readonly listener?: string
  readonly alpn?: string[]
}

/** What the API is asked; a text: why it is not. */
export function bodyOf(request: TestedRequest): ExplainBody | string {
  const { url, method, client, headers, listener } = request
  if (url.trim() === '') return 'Which URL?'
  const byName: Record<string, string[]> = {}
  for (const field of headers) {
    if (field.trim() === '') continue
    const [, name, value] = /^([^\s:]+):\s*(.*)$/s.exec(field.trim()) ?? []
    if (name === undefined || value === undefined)
      return `“${field}” is no header such as “Accept: text/html”.`
    ;(byName[name] ??= []).push(value)
  }
  return {
    ...{ url: url.trim(), method, headers: byName },
    ...(isConnection(url) && alpnOf(request).length > 0 && { alpn: alpnOf(request) }),
    ...(client.trim() !== '' && { client: client.trim() }),
    ...(listener !== '' && { listener }),
  }
}

/** Whether it is a connection or datagrams, without requests. */
export const isConnection = (url: string): boolean => /^\s*(?:tcp|udp|tls):/i.test(url)

const alpnOf = ({ alpn }: Pick<TestedRequest, 'alpn'>): string[] => alpn.split(/[\s,]+/).filter(Boolean)

/** The same, asked on a command line. */
export function commandOf(request: TestedRequest): string {
  const { url, method, client, headers, listener } = request
  const words = ['sluice explain', quoted(url.trim())]
  if (method !== 'GET') words.push('-X', method)
  for (const header of headers) if (header.trim() !== '') words.push('-H', quoted(header.trim()))
  if (client.trim() !== '') words.push('--client', client.trim())
  if (listener !== '') words.push('--listener', quoted(listener))
  if (isConnection(url) && alpnOf(request).length > 0) words.push('--alpn', quoted(alpnOf(request).join(',')))
  return [...words, '--live'].join(' ')
}

/** For a shell. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

export const ofPasted = ({ method, url, headers }: PastedRequest, before: TestedRequest): TestedRequest => ({
  ...before,
  ...{ method, url },
  headers: headers.map(([name, value]) => `${name}: ${value}`),
})

/** What one of the two configs does; or why that cannot be told. */
export type Fate =
  | ExplainedAny
  | { readonly problem: string }
  | { readonly code: string; readonly detail?: string }
export type Answered = (ExplainedAny | { readonly problem: string }) & { readonly draft?: Fate }

export const isExplained = (fate: Fate): fate is ExplainedAny => 'outcome' in fate

/** Why not, in words. */
export const whyNot = (fate: Exclude<Fate, ExplainedAny>): string =>
  'problem' in fate ? `${fate.problem}.` : (fate.detail ?? 'The draft cannot be read now.')

/** Whether the draft changes nothing for it. */
export const isSameFate = (a: Fate, b: Fate): boolean => fateWords(a) === fateWords(b)

/** `rule api → api`: where it ends, short. */
export function fateWords(fate: Fate): string {
  if (!isExplained(fate)) return whyNot(fate)
  const { rule, backend } = fate
  const words = outcomeWords(fate)
  const by = rule === null ? '' : `rule ${rule.name}`
  const to = backend === null ? '' : ` → ${backend.backend}`
  return [`${by}${to}`, words].filter(Boolean).join(': ')
}

/** What becomes of it, in the words of the verdict; '': it goes to its backend. */
export function outcomeWords(explained: ExplainedAny): string {
  const { outcome, detail, fault, backend } = explained
  const status = explained.kind === 'request' ? explained.status : null
  if (fault === 'no_server')
    return `${refusedBy(status)}: no server of ${backend?.backend ?? 'the backend'} gets work`
  if (fault === 'circuit_open')
    return `${refusedBy(status)}: breakers keep work from each server of ${backend?.backend ?? 'the backend'}`
  if (fault === 'queue_full') return `${refusedBy(status)}: all servers are full`
  switch (outcome) {
    case 'no_rule':
      return status === null ? 'No rule matches: it is closed' : `No rule matches: answered ${status}`
    case 'refused':
      return `${refusedBy(status)}${fault === null ? '' : `, ${fault}`}`
    case 'redirect':
      return `${status} to ${explained.kind === 'request' ? explained.location : ''}`
    case 'respond':
      return `Answered ${status} by the gateway`
    case 'answered':
      return `Answered ${status} by a step of the rule`
    case 'own_document':
      return 'A document of the gateway itself'
    case 'requests':
      return 'Its requests are asked of the rules: test one by its URL'
    case 'relay':
      return 'TURN relays it'
    default:
      return detail ?? ''
  }
}

const refusedBy = (status: number | null): string => (status === null ? 'Closed' : `Answered ${status}`)

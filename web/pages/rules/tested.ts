// The request that is tested: as the address has it, as it is asked, and what came of it.
import { signal } from '@preact/signals'
import type { Explained } from '../../../server/control/explain/explain.ts'
import type { PastedRequest } from '../../data/curl.ts'

/** The rule that takes it, for the list beside; null: none, or nothing is tested. */
export const winner = signal<string | null>(null)

export interface TestedRequest {
  readonly method: string
  readonly url: string
  readonly client: string
  /** `Name: value`. */
  readonly headers: readonly string[]
  /** Where it comes in; '': where its port leads. */
  readonly listener: string
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
})

export const addressOf = ({ url, method, client, headers, listener }: TestedRequest) => ({
  test: url,
  method: method === 'GET' ? null : method,
  client: client === '' ? null : client,
  header: headers.filter((one) => !isKeptOut(one)),
  at: listener === '' ? null : listener,
})

export interface ExplainBody {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string | string[]>
  readonly client?: string
  readonly listener?: string
}

/** What the API is asked; a text: why it is not. */
export function bodyOf({ url, method, client, headers, listener }: TestedRequest): ExplainBody | string {
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
    ...(client.trim() !== '' && { client: client.trim() }),
    ...(listener !== '' && { listener }),
  }
}

/** The same, asked on a command line. */
export function commandOf({ url, method, client, headers, listener }: TestedRequest): string {
  const words = ['sluice explain', quoted(url.trim())]
  if (method !== 'GET') words.push('-X', method)
  for (const header of headers) if (header.trim() !== '') words.push('-H', quoted(header.trim()))
  if (client.trim() !== '') words.push('--client', client.trim())
  if (listener !== '') words.push('--listener', quoted(listener))
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

/** What becomes of it, in the words of the verdict. */
export function outcomeWords({ outcome, status, location, detail, fault, backend }: Explained): string {
  if (outcome === 'no_rule') return `No rule matches: answered ${status}`
  if (fault === 'no_server')
    return `Answered ${status}: no server of ${backend?.backend ?? 'the backend'} gets work`
  if (fault === 'queue_full') return `Answered ${status}: all servers are full`
  if (outcome === 'refused') return `Refused with ${status}${fault === null ? '' : `, ${fault}`}`
  if (outcome === 'redirect') return `${status} to ${location}`
  if (outcome === 'respond') return `Answered ${status} by the gateway`
  if (outcome === 'own_document') return 'A document of the gateway itself'
  return detail ?? ''
}

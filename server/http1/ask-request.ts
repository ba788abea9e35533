// A request of ours as bytes, and as a redirect changes it.
import { parseServerUrl, type ServerAddress } from '../lib/server-url.ts'
import { ServerTls } from '../tls/server-tls.ts'
import type { AskField, AskRequest, AskTarget } from './ask.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const TARGET = /^(?:\/[!-~\x80-\xff]*|\*)$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const SHOWN_MAX = 64
/** These are the client's own: it frames its body, and its connections carry one request. */
const OWN = ['connection', 'content-length', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding']
/** With a body or without, its length is said (RFC 9110 §8.6). */
const WITH_LENGTH = ['POST', 'PUT', 'PATCH']

/** Why a request cannot be written: it would be another one for who reads it; null: it can. */
export function whyInvalid({ method, target, fields }: AskRequest): string | null {
  if (!TOKEN.test(method)) return `${shown(method)} is no method`
  if (!TARGET.test(target)) return `${shown(target)} is no target: a path and a query are wanted`
  for (const [name, value] of fields) {
    if (!TOKEN.test(name)) return `${shown(name)} is no name of a field`
    if (!VALUE.test(value)) return `field ${name}: ${shown(value)} has characters that may not be in it`
  }
  return null
}

const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_MAX))

/** The head of a request. */
export function requestHead({ method, target, fields, body }: AskRequest, authority: string): Buffer {
  const lines = new Map([
    ['host', `Host: ${authority}`],
    ['user-agent', 'User-Agent: sluice'],
    ['accept', 'Accept: */*'],
  ])
  if (body !== null || WITH_LENGTH.includes(method))
    lines.set('content-length', `Content-Length: ${body?.length ?? 0}`)
  for (const [name, value] of fields) {
    const lower = name.toLowerCase()
    if (!OWN.includes(lower)) lines.set(lower, `${name}: ${value}`)
  }
  lines.set('connection', 'Connection: close')
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${[...lines.values()].join('\r\n')}\r\n\r\n`, 'latin1')
}

const REDIRECTS = [301, 302, 303, 307, 308]
/** RFC 9110 §15.4: not for whoever the answer names. */
const FOR_ONE_HOST = ['host', 'authorization', 'cookie', 'proxy-authorization', 'origin', 'referer']
const OF_CONTENT = ['content-type', 'content-encoding', 'content-language', 'content-location', 'digest']

export interface Redirected {
  readonly target: AskTarget
  readonly request: AskRequest
}

export const isRedirect = (status: number): boolean => REDIRECTS.includes(status)

/** Where an answer of this status sends the request (RFC 9110 §15.4); or why it is not followed. */
export function redirected(
  status: number,
  location: string,
  { target, request, staysThere = false }: Redirected & { readonly staysThere?: boolean | undefined },
): Redirected | string {
  // By TLS or without it, as the request was: nobody leads it from one to the other.
  const scheme = target.tls === null ? 'http:' : 'https:'
  const url = URL.parse(location, `${scheme}//${target.authority}${request.target}`)
  if (url === null || url.port === '0') return `redirected to ${shown(location)}, which is no URL`
  if (url.protocol !== scheme) return `redirected to ${shown(location)}, which is not spoken here`
  const to = parseServerUrl(`${scheme}//${url.host}`)
  const isSame = leadsTo(url, to, target, scheme)
  if (!isSame && staysThere) return `redirected to ${shown(location)}, which is another server`
  const next = isSame ? target : { ...to, tls: tlsTo(target, to.host) }
  const becomesGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST'
  const drops = [...(isSame ? [] : FOR_ONE_HOST), ...(becomesGet ? OF_CONTENT : [])]
  const fields = request.fields.filter(([name]: AskField) => !drops.includes(name.toLowerCase()))
  const change = becomesGet ? { method: 'GET', body: null } : {}
  // What comes from outside is written as an ASCII path and query: URL has seen to that.
  return { target: next, request: { ...request, ...change, target: `${url.pathname}${url.search}`, fields } }
}

/** Whether a URL is at the server that was asked, by one of its names. */
function leadsTo(url: URL, to: ServerAddress, target: AskTarget, scheme: string): boolean {
  const names = [target.authority, ...(target.alias ? [target.alias] : [])]
  const isNamed = names.some((name) => URL.parse(`${scheme}//${name}`)?.host === url.host)
  return isNamed || (to.host === target.host.toLowerCase() && to.port === target.port)
}

const tlsTo = ({ tls }: AskTarget, host: string): ServerTls | null =>
  tls === null ? null : new ServerTls(tls.client, host)

// The part of an access log line that only exchanges with trouble have: what went wrong in more words, and
// each attempt.
import type { Stuck } from '../backends/sticky.ts'
import type { Client, Exchange, Identity, Try } from '../http/exchange.ts'

/** Of tcp connections there are no answers. */
type ToldTry = Pick<Try, 'server' | 'phase' | 'fault' | 'ms'> & Partial<Pick<Try, 'status' | 'reason'>>

/** What went wrong. */
export interface Why {
  readonly sticky?: Stuck | null
  readonly detail: string | null
  readonly shadow: string | null
  readonly tries: readonly ToldTry[] | null
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10

/**
 * `,"detail":"…","shadow":"ip,rate_limit","tries":[{"server":"…","phase":"connect",
 * "fault":"connect_refused","ms":0.4},…]`, each where there is any; of an attempt also the status of its
 * answer and the reason why it was made, where it has them.
 */
export function whyJson({ detail, shadow, tries, sticky = null }: Why): string {
  const more = {
    ...(isOff(sticky) && { sticky: stuckText(sticky) }),
    ...(detail !== null && { detail }),
    ...(shadow !== null && { shadow }),
    ...(tries !== null && {
      tries: tries.map(({ server, phase, fault, ms, status = null, reason = null }) => ({
        ...{ server, phase, fault, ms: rounded(ms) },
        ...(status !== null && { status }),
        ...(reason !== null && { reason }),
      })),
    }),
  }
  const json = JSON.stringify(more).slice(1, -1)
  return json === '' ? '' : `,${ascii(json)}`
}

/** ` tries=a:connect_refused@connect:0.4ms,b:ok:3ms detail="…"`. */
export function whyText({ detail, shadow, tries, sticky = null }: Why): string {
  const attempts = tries === null ? '' : ` tries=${tries.map(tryText).join(',')}`
  const passed = shadow === null ? '' : ` shadow=${shadow}`
  const stuck = isOff(sticky) ? ` sticky=${stuckText(sticky)}` : ''
  return ascii(`${stuck}${attempts}${passed}${detail === null ? '' : ` detail=${JSON.stringify(detail)}`}`)
}

/** What goes as it should needs no words. */
export const isOff = (stuck: Stuck | null): stuck is Stuck => stuck !== null && stuck.result !== 'hit'

/** `moved:draining`. */
const stuckText = ({ result, why }: Stuck): string =>
  why === null ? result : `${result}:${why.replaceAll(' ', '_')}`

/** Whose certificate a client has shown; its text is ASCII. */
export const certificateJson = (whose: string): string => `,"client_certificate":${JSON.stringify(whose)}`
export const certificateText = (whose: string): string => ` client_certificate=${JSON.stringify(whose)}`

/** Whose certificate the client has shown, who a step knows it to be, and what a cache did. */
export const whoJson = ({ client: { whose }, identity, cache }: Who): string =>
  (cache === null ? '' : CACHE_JSON[cache]) +
  (whose === null ? '' : certificateJson(whose)) +
  (isNamed(identity) ? `,"user":${ascii(JSON.stringify(identity.name))}` : '')
export const whoText = ({ client: { whose }, identity, cache }: Who): string =>
  (cache === null ? '' : ` cache=${cache}`) +
  (whose === null ? '' : certificateText(whose)) +
  (isNamed(identity) ? ` user=${ascii(JSON.stringify(identity.name))}` : '')

/** Some are known to whoever was asked about them, by a name that is not told. */
const isNamed = (identity: Exchange['identity']): identity is Identity =>
  identity !== null && identity.name !== ''

export const CACHE_JSON = {
  hit: ',"cache":"hit"',
  collapsed: ',"cache":"collapsed"',
  stale: ',"cache":"stale"',
  revalidated: ',"cache":"revalidated"',
  miss: ',"cache":"miss"',
  bypass: ',"cache":"bypass"',
}

type Who = Pick<Exchange, 'identity' | 'cache'> & { readonly client: Pick<Client, 'whose'> }

const tryText = (one: ToldTry): string => `${one.server}:${endText(one)}:${rounded(one.ms)}ms`

const endText = ({ phase, fault, status = null }: ToldTry): string =>
  phase === null
    ? status !== null && status >= 400
      ? String(status)
      : 'ok'
    : `${fault ?? 'given_up'}@${phase}`

/** Lines are written byte by byte: what is not ASCII is escaped, as JSON allows. */
export const ascii = (text: string): string =>
  text.replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)

// Certificates as rows of the list: the state by the share of the lifetime that is over and by what stands
// against it, what will be done, and what an operator can do.
import {
  type CertificateList,
  type CertificateLive,
  type CertificateResource,
  type Renewal,
  type Source,
  userWord,
} from '../../data/certificates.ts'
import type { Change } from '../../data/change.ts'
import { age, clock, list, longAge } from '../../data/say.ts'
import type { Look } from '../../data/servers.ts'

type State = Look | 'draft'

export interface CertificateRow {
  /** In the config; of one on demand CERTIFICATE@NAME, of a listener's own files LISTENER.tls. */
  readonly name: string
  /** The first of its names; what it is called in the config where it has none. */
  readonly title: string
  readonly more: string
  readonly state: State
  readonly word: string
  /** The reason, or what comes next. */
  readonly reason: string
  /** 0 to 1; null: there is none yet. */
  readonly used: number | null
  readonly renewAt: number | undefined
  readonly left: string
  /** ms since 1970. */
  readonly endsAt: number | null
  readonly source: string
  readonly usedBy: readonly string[]
  readonly action: 'renew' | 'replace' | null
  readonly draft: 'new' | 'changed' | 'removed' | null
}

const SOURCES: Readonly<Record<Source, string>> = {
  files: 'File',
  upload: 'Upload',
  self_signed: 'Made here',
  acme: 'ACME',
}

/** The worst first, then those that end first. */
export function rowsOf(told: CertificateList, changes: readonly Change[], nowMs: number): CertificateRow[] {
  const known = new Set(told.items.map(({ id }) => id))
  const rows = [
    ...told.items.map((one) => configured(one, changes, nowMs)),
    ...told.others.map((live) => ({ ...servedRow(live, nowMs), draft: null })),
    ...told.acme.filter(({ certificate }) => !known.has(certificate)).map((one) => ofAcme(one, nowMs)),
    ...changes.flatMap((change) => drafted(change)),
  ]
  return rows.toSorted((a, b) => rank(a) - rank(b) || (a.endsAt ?? Infinity) - (b.endsAt ?? Infinity))
}

const ORDER: readonly State[] = ['down', 'warn', 'draft', 'drain', 'unk', 'up']
const rank = ({ state }: CertificateRow): number => ORDER.indexOf(state)

function configured(
  { id, live, configured: written }: CertificateResource,
  changes: readonly Change[],
  nowMs: number,
): CertificateRow {
  const change = changes.find(({ resource }) => resource === `certificates/${encodeURIComponent(id)}`)
  const draft = change === undefined ? null : change.op === 'delete' ? 'removed' : 'changed'
  if (live !== undefined) return { ...servedRow(live, nowMs), name: id, draft }
  const { title, more } = titleOf([], id)
  const isAcme = 'acme' in written
  return {
    ...{ name: id, title, more, draft, usedBy: [], action: null, used: null, renewAt: undefined },
    ...{ state: 'unk', word: 'Not served', reason: 'no listener names it', left: '', endsAt: null },
    source: isAcme ? 'ACME' : 'self_signed' in written ? 'Made here' : 'File',
  }
}

function titleOf(names: readonly string[], name: string): { title: string; more: string } {
  const [first, ...others] = names
  if (first === undefined) return { title: name, more: '' }
  const shown = others.slice(0, 2)
  const rest = others.length - shown.length
  const more = rest > 0 ? [...shown, `${rest} more`] : shown
  return { title: first, more: more.length === 0 ? (first === name ? '' : name) : `+\u00A0${list(more)}` }
}

function servedRow(live: CertificateLive, nowMs: number): Omit<CertificateRow, 'draft'> {
  const [state, word, reason] = stateOf(live, nowMs)
  const endsAt = Date.parse(live.not_after)
  return {
    name: live.certificate,
    ...titleOf(live.names, live.certificate),
    ...{ state, word, reason },
    used: live.state === 'stand_in' ? null : live.used,
    renewAt: renewShare(live),
    ...(live.state === 'stand_in' ? { left: '', endsAt: null } : { left: leftWords(endsAt, nowMs), endsAt }),
    source: sourceOf(live),
    usedBy: live.used_by,
    action: live.source === 'acme' ? (isDue(live.renewal) ? 'renew' : null) : 'replace',
  }
}

export const isDue = (renewal: Renewal | null): boolean =>
  renewal !== null && renewal.state !== 'good' && renewal.state !== 'obtaining'

/** Where renewal begins, as a share of the lifetime. */
export function renewShare({
  not_before: from,
  not_after: to,
  renew_at: at,
  renews_by_itself: isRenewed,
}: CertificateLive): number | undefined {
  if (at === null) return isRenewed ? 2 / 3 : undefined
  const share = (Date.parse(at) - Date.parse(from)) / (Date.parse(to) - Date.parse(from))
  return share > 0 && share < 1 ? share : undefined
}

/** “17 d left”, “3 d 13 h left”, “ended 2 d ago”. */
export function leftWords(endsAt: number, nowMs: number): string {
  const s = (endsAt - nowMs) / 1000
  if (s < 0) return `ended ${longAge(-s)} ago`
  return `${s > 14 * 86_400 ? `${Math.floor(s / 86_400)} d` : longAge(s)} left`
}

type Said = readonly [State, string, string]

function stateOf(live: CertificateLive, nowMs: number): Said {
  const renewal = renewalSaid(live.renewal, live.state === 'stand_in' ? '' : 'renewal ')
  switch (live.state) {
    case 'stand_in':
      return live.renewal?.state === 'obtaining'
        ? ['drain', 'Obtaining', 'until then clients get a stand-in that they do not trust']
        : ['down', 'Not obtained', renewal || 'clients get a stand-in that they do not trust']
    case 'expired':
      return ['down', 'Expired', renewal || 'clients refuse it']
    case 'not_yet_valid':
      return ['down', 'Not valid yet', `from ${clock(live.not_before, new Date(nowMs))} on`]
    case 'chain_incomplete':
      return ['warn', 'Chain incomplete', missing(live) || 'some clients refuse it']
    case 'expiring':
      return ['warn', 'Expiring', renewal || 'nothing renews it; replace it in time']
    default:
      return valid(live, renewal)
  }
}

function valid(live: CertificateLive, renewal: string): Said {
  if (live.renewal?.last_failure && live.renewal.state === 'waiting')
    return ['warn', 'Renewal failed', renewal]
  if (live.renewal?.state === 'obtaining') return ['drain', 'Renewing', '']
  if (live.source === 'self_signed')
    return ['up', 'Self-signed', `SHA-256 ${shortFingerprint(live.fingerprint)}`]
  const days = (Date.parse(live.not_after) - Date.parse(live.not_before)) / 86_400_000
  const strange = live.findings.find(({ level }) => level === 'error')
  if (strange !== undefined) return ['warn', 'Unfit', strange.message]
  return ['up', 'Valid', days < 15 ? `lives ${Math.round(days)} days` : '']
}

function renewalSaid(renewal: Renewal | null, what = 'renewal '): string {
  const failure = renewal?.last_failure ?? null
  if (renewal === null || failure === null) return ''
  const times =
    failure.in_a_row === 1
      ? 'failed'
      : failure.in_a_row === 2
        ? 'failed twice'
        : `failed ${failure.in_a_row} times`
  return `${what}${times}${renewal.next_try === null ? '' : `, next try ${clock(renewal.next_try)}`}`
}

function missing({ findings }: CertificateLive): string {
  const found = findings.find(({ code }) => code === 'chain_incomplete')?.message ?? ''
  const who = /^The certificate of (.*) is missing\.$/.exec(found)?.[1]
  return who === undefined ? found : `intermediate “${who}” is missing; some clients refuse it`
}

/** `9C:41:…:E2`. */
export function shortFingerprint(fingerprint: string): string {
  const pairs = fingerprint.split(':')
  return pairs.length < 5 ? fingerprint : `${pairs[0]}:${pairs[1]}:…:${pairs.at(-1)}`
}

function sourceOf({ source, issuer, files, renewal }: CertificateLive): string {
  const [file] = files
  const end =
    source === 'files'
      ? (file?.split('/').at(-1) ?? '')
      : source === 'acme'
        ? (renewal?.issuer ?? '')
        : source === 'upload'
          ? issuer
          : ''
  return end === '' ? SOURCES[source] : `${SOURCES[source]} · ${end}`
}

/** Of a name that came on demand. */
function ofAcme(one: Renewal, nowMs: number): CertificateRow {
  const endsAt = one.until === null ? null : Date.parse(one.until)
  const said = renewalSaid(one, one.until === null ? '' : 'renewal ')
  const failed: Said = ['down', 'Not obtained', said]
  const [state, word, reason] =
    one.state === 'obtaining'
      ? (['drain', 'Obtaining', ''] as const)
      : endsAt === null
        ? failed
        : one.state === 'good'
          ? (['up', 'Valid', 'on demand'] as const)
          : (['warn', 'Renewal failed', said] as const)
  return {
    name: one.certificate,
    ...titleOf(one.names, one.certificate),
    ...{ state, word, reason, endsAt, used: null, renewAt: undefined, usedBy: [], draft: null },
    left: endsAt === null ? '' : leftWords(endsAt, nowMs),
    source: `ACME${one.issuer === null ? '' : ` · ${one.issuer}`}`,
    action: isDue(one) ? 'renew' : null,
  }
}

/** What the draft would add. */
function drafted(change: Change): CertificateRow[] {
  if (change.op !== 'create' || !change.resource.startsWith('certificates/')) return []
  const name = decodeURIComponent(change.resource.slice('certificates/'.length))
  const { acme, self_signed: own } = change.value as {
    acme?: { domains?: string | readonly string[] }
    self_signed?: true | { names?: string | readonly string[] }
  }
  const names = [acme?.domains ?? (typeof own === 'object' ? own.names : undefined) ?? []].flat()
  return [
    {
      name,
      ...titleOf(names, name),
      ...{ state: 'draft', word: 'Draft', reason: 'not running yet', used: null, renewAt: undefined },
      ...{ left: '', endsAt: null, usedBy: [], action: null, draft: 'new' },
      source: acme === undefined ? 'Made here' : 'ACME',
    },
  ]
}

/** Amber from the tick on only: where nothing renews it, from when it is said to be expiring. */
export function toneOf(state: State, used: number, renewAt: number | undefined): State | undefined {
  if (used >= 1) return 'down'
  return renewAt === undefined && state === 'warn' && used >= 2 / 3 ? 'warn' : undefined
}

/** “6 certificates. shop.example: expiring, renewal failed twice. The next renewal is in 11 h.” */
export function sentenceOf(rows: readonly CertificateRow[], told: CertificateList, nowMs: number): string {
  const running = rows.filter(({ draft }) => draft !== 'new')
  if (running.length === 0) return 'There is no certificate.'
  const all = running.length === 1 ? '1 certificate.' : `${running.length} certificates.`
  const ill = running.filter(({ state }) => state === 'down' || state === 'warn')
  const [first] = ill
  const renewals = told.items.flatMap(({ live }) => (live?.renew_at ? [Date.parse(live.renew_at)] : []))
  const next = Math.min(...renewals.filter((at) => at > nowMs))
  const then = Number.isFinite(next) ? ` The next renewal is in ${inWords(next - nowMs)}.` : ''
  if (first === undefined) return `${all} ${running.length === 1 ? 'It is' : 'All are'} good.${then}`
  const what =
    ill.length === 1
      ? `${first.title}: ${first.word.toLowerCase()}${first.reason === '' ? '' : `, ${first.reason}`}`
      : `${ill.length} want attention`
  return `${all} ${what}.${then}`
}

/** Days alone where hours say nothing. */
const inWords = (ms: number): string => (ms > 14 * 86_400_000 ? age(ms / 1000) : longAge(ms / 1000))

export const usedByWords = (row: Pick<CertificateRow, 'usedBy'>): string =>
  row.usedBy.length === 0 ? 'nobody' : list(row.usedBy.map(userWord))

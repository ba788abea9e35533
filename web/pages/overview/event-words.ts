// What happened, in a line or two.
import type { GatewayEvent } from '../../data/live.ts'
import { clock } from '../../data/say.ts'
import { segment, to } from '../../data/urls.ts'

type State = 'up' | 'warn' | 'down' | 'drain' | 'maint' | 'unk' | 'draft'

export interface Said {
  readonly state: State
  readonly title: string
  readonly detail: string
  readonly href: string | null
}

type Words = (event: Fields) => Partial<Said> & { readonly title: string }
type Fields = GatewayEvent & Readonly<Record<string, string | undefined>>

const ORDERS: Readonly<Record<string, readonly [State, string]>> = {
  drain: ['drain', 'drains'],
  maintenance: ['maint', 'takes out'],
  ready: ['up', 'takes into use'],
}

const WORDS: Readonly<Record<string, Words>> = {
  'health.healthy': ({ server }) => ({ state: 'up', title: `${server} is up` }),
  'health.unhealthy': ({ server, reason }) => ({
    state: 'down',
    title: `${server} is down`,
    detail: reason ?? '',
  }),
  'health.failing': ({ server, reason }) => ({
    state: 'warn',
    title: `${server} fails requests`,
    detail: reason ?? '',
  }),
  'health.recovered': ({ server }) => ({ state: 'up', title: `${server} answers again` }),
  'server.ordered': ({ server, order = '', kind, by, reason, until }) => {
    const [state, verb] = (kind === 'admin' ? ORDERS[order] : undefined) ?? [
      'warn' as const,
      `sets ${kind} ${order} of`,
    ]
    const details = [
      reason === undefined ? '' : `“${reason}”`,
      until === undefined ? '' : `until ${clock(until)}`,
    ]
    return { state, title: `${by} ${verb} ${server}`, detail: details.filter(Boolean).join(' · ') }
  },
  'server.order_ended': ({ server }) => ({ state: 'up', title: `The order for ${server} has ended` }),
  'server.drained': ({ server }) => ({
    state: 'drain',
    title: `${server} is drained`,
    detail: 'nothing is in flight',
  }),
  'config.serving': ({ revision }) => ({ state: 'up', title: `The gateway serves r${revision}` }),
  'config.applied': ({ revision, by, from }) => ({
    state: 'up',
    title: `Config r${revision} applied`,
    detail: by ?? (from === 'file' ? 'by file edit' : ''),
  }),
  'config.rejected': ({ message }) => ({
    state: 'down',
    title: 'The file was rejected',
    detail: message ?? '',
  }),
  'config.reverted': ({ revision }) => ({ state: 'warn', title: `Went back to r${revision}` }),
  'config.confirm_pending': ({ revision }) => ({
    state: 'draft',
    title: `r${revision} waits to be confirmed`,
  }),
  'config.confirmed': ({ revision }) => ({ state: 'up', title: `r${revision} was confirmed` }),
  'certificate.issued': ({ certificate }) => ({
    state: 'up',
    title: `Certificate ${certificate} was obtained`,
  }),
  'certificate.renewed': ({ certificate }) => ({
    state: 'up',
    title: `Certificate ${certificate} was renewed`,
  }),
  'certificate.expiring': ({ certificate, hint }) => ({
    state: 'warn',
    title: `Certificate ${certificate} ends soon`,
    detail: hint ?? '',
  }),
  'certificate.failed': ({ certificate, reason }) => ({
    state: 'warn',
    title: `Certificate ${certificate} could not be obtained`,
    detail: reason ?? '',
  }),
}

const LEVELS: Readonly<Record<string, State>> = { info: 'unk', warn: 'warn', error: 'down' }

/** An event that has no words of its own is told by its name. */
export function saidOf(event: GatewayEvent): Said {
  const fields = event as Fields
  const own = WORDS[event.name]?.(fields)
  const name = event.event.replaceAll('_', ' ')
  return {
    state: LEVELS[event.level] ?? 'unk',
    title: name.charAt(0).toUpperCase() + name.slice(1),
    detail: fields['hint'] ?? fields['reason'] ?? '',
    href: pageOf(fields),
    ...own,
  }
}

function pageOf({ topic, backend, server, certificate, listener }: Fields): string | null {
  if (backend !== undefined)
    return to(`/backends/${segment(backend)}${server === undefined ? '' : `/servers/${segment(server)}`}`)
  if (certificate !== undefined) return to(`/certificates/${segment(certificate)}`)
  if (listener !== undefined) return to(`/listeners/${segment(listener)}`)
  return topic === 'config' ? to('/config/history') : topic === 'turn' ? to('/realtime') : null
}

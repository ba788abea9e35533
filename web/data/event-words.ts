// What happened, in a line or two: what is the matter, then why and what to do.
import { by, dotted, type Fields, type State, type Told, type Words } from './event-fields.ts'
import { age, clock, count, number } from './say.ts'
import { SERVER_EVENTS } from './server-event-words.ts'
import { segment, to } from './urls.ts'

export interface Said {
  readonly state: State
  /** “shop-3 is down”. */
  readonly title: string
  /** Why, and what to do; '': the title says all. */
  readonly detail: string
  /** The page of what it is about; null: it has none. */
  readonly href: string | null
}

const revision = (n: unknown): string => (n === undefined ? 'The config' : `r${String(n)}`)

/** How a process ended: `signal SIGKILL`, `code 1`. */
const ending = ({ signal, code }: Fields): string =>
  signal === undefined || signal === null ? `it ended with code ${code ?? '?'}` : `it was ended by ${signal}`

const processOf = (event: Fields): string =>
  event['slot'] === undefined ? `process ${event['pid'] ?? '?'}` : `worker ${event['slot']}`

/** The first of what stands against a text, with its place. */
function firstProblem(problems: unknown): string {
  const all = Array.isArray(problems) ? (problems as Readonly<Record<string, unknown>>[]) : []
  const [first] = all
  if (first === undefined) return ''
  const place = first['line'] === undefined ? '' : `line ${String(first['line'])}: `
  const more = all.length > 1 ? `and ${count(all.length - 1, 'more problem')}` : ''
  return dotted(`${place}${String(first['message'] ?? '')}`, more)
}

const OUTCOMES: Readonly<Record<string, readonly [State, string]>> = {
  kept: ['up', 'is watched no more: nothing became worse'],
  reverted: ['warn', 'was taken back: something became worse'],
  not_reverted: ['down', 'made something worse and could not be taken back'],
  superseded: ['unk', 'is watched no more: another took its place'],
}

function limit(event: Fields): ReturnType<Words> {
  const known = new Set('id time level topic name event limit value process hint'.split(' '))
  const counts = Object.entries(event).filter(
    ([name, value]) => !known.has(name) && typeof value === 'number',
  )
  const done = counts.map(([name, n]) => `${number(Number(n))} ${name.replaceAll('_', ' ')}`)
  return [`The limit ${event['limit']} was reached`, dotted(`it is ${event['value']}`, ...done), 'warn']
}

const certificate = (event: Fields): string =>
  event['certificate'] === undefined ? 'A certificate' : `Certificate ${event['certificate']}`

/** By what the log calls them. */
const WORDS: Readonly<Record<string, Words>> = {
  ...SERVER_EVENTS,
  serving: (e) => [`The gateway began to serve ${revision(e['revision'])}`, '', 'up'],
  applied: (e) => [`${revision(e['revision'])} was applied`, by(e['by'], e['from']), 'up'],
  rejected: (e) => {
    const what = e['file'] === undefined ? 'A change was rejected' : 'The file was rejected'
    const running = e['running'] === undefined ? '' : `r${e['running']} goes on`
    return [what, dotted(firstProblem(e['problems']), running), 'down']
  },
  unconfirmed: (e) => {
    const within = `within ${age(Number(e['within_ms'] ?? 0) / 1000)}, or it is taken back`
    return [`${revision(e['revision'])} waits to be confirmed`, within, 'draft']
  },
  confirmed: (e) => [`${revision(e['revision'])} was confirmed`, '', 'up'],
  rolled_back: (e) => [`${revision(e['revision'])} was taken back`, e['why'], 'warn'],
  watched: (e) => {
    const [state, words] = OUTCOMES[e['outcome'] ?? ''] ?? ['unk' as const, 'is watched no more']
    return [`${revision(e['revision'])} ${words}`, e['why'], state]
  },
  rollout_step: (e) => [`The rollout of ${e['backend']} goes on`, e['what'], 'unk'],
  rollout_ended: (e) => [
    `The rollout of ${e['backend']} is ${e['state']?.replaceAll('_', ' ')}`,
    e['why'],
    e['state'] === 'done' ? 'up' : 'warn',
  ],
  not_rolled_back: () => ['The config of before could not be taken back'],
  not_written: () => ['The config file could not be written'],
  unsound: (e) => [`${revision(e['revision'])} makes workers fail`, undefined, 'down'],
  revisions_not_kept: () => ['The history of the config is not kept'],
  revision_not_kept: () => ['A revision could not be kept'],
  revision_kept_again: () => ['Revisions are kept again', '', 'up'],
  config_polled: () => ['The config file is looked at now and then, since it cannot be watched'],
  config_written_in_place: () => ['The config file was written in place'],
  figures_not_kept: () => ['Figures are not kept over a restart'],
  figures_kept_again: () => ['Figures are kept again', '', 'up'],
  data_not_writable: () => ['The data folder cannot be written'],
  data_lost: () => ['The data folder has lost what was in it'],
  store_not_open: () => ['The store of users and history is not open'],
  store_gone: () => ['The store of users and history is gone'],
  store_back: () => ['The store of users and history is back', '', 'up'],
  store_waits: (e) => [`The store waits to keep ${e['what'] ?? 'something'}`],
  store_kept_again: (e) => [`The store keeps ${e['what'] ?? 'everything'} again`, '', 'up'],

  certificate_obtained: (e) => {
    const until = e['until'] === undefined ? '' : `good until ${clock(e['until'])}`
    const isRenewal = (e['renewal'] as unknown) === true
    return [`${certificate(e)} was ${isRenewal ? 'renewed' : 'obtained'}`, until, 'up']
  },
  certificate_replaced: (e) => [`${certificate(e)} was replaced`, '', 'up'],
  certificate_expires: (e) => {
    const days = Number(e['days_left'] ?? 0)
    const left = days <= 0 ? 'has ended or ends today' : `ends in ${count(days, 'day')}`
    return [`${certificate(e)} ${left}`, e['hint'], days <= 0 ? 'down' : 'warn']
  },
  certificate_failed: (e) => {
    const next = e['next_try'] === undefined ? '' : `tried again at ${clock(e['next_try'])}`
    return [`${certificate(e)} could not be obtained`, dotted(e['why'], next), 'down']
  },
  certificate_failed_again: (e) => [`${certificate(e)} could not be obtained again`, undefined, 'down'],
  certificate_refused: (e) => [`A new file of ${certificate(e).toLowerCase()} was refused`],
  certificate_stand_in: (e) => [`A stand-in is served for ${certificate(e).toLowerCase()}`],
  certificate_not_kept: (e) => [`${certificate(e)} could not be kept`],
  server_tls_replaced: (e) => [`TLS files of backend ${e['backend']} were replaced`, '', 'up'],
  server_tls_refused: (e) => [`TLS files of backend ${e['backend']} were refused`],
  client_certificates_replaced: (e) => [`Client certificates of ${e['listener']} were replaced`, '', 'up'],
  jwks_replaced: (e) => [`The issuer ${e['issuer']} has other keys`, `${e['keys']} of them`, 'up'],
  jwks_failed: (e) => [
    `The keys of the issuer ${e['issuer']} cannot be had`,
    dotted(String(e['why'] ?? ''), String(e['hint'] ?? '')),
    'warn',
  ],
  client_certificates_refused: (e) => [`Client certificates of ${e['listener']} were refused`],
  on_demand_failed: () => ['Certificates on demand cannot be kept'],
  crl_expires: (e) => [`The revocation list ${e['file'] ?? ''} ends soon`],
  admin_certificate_replaced: () => ['The certificate of the admin listener was replaced', '', 'up'],
  admin_certificate_refused: () => ['A new certificate of the admin listener was refused'],

  worker_exited: (e) => [`${upper(processOf(e))} is gone`, ending(e)],
  worker_replaced: (e) => [`${upper(processOf(e))} was replaced`, '', 'up'],
  worker_hung: (e) => [`${upper(processOf(e))} was silent and is replaced`, undefined, 'down'],
  worker_not_started: (e) => [`${upper(processOf(e))} did not start`, undefined, 'down'],
  access_log_failed: (e) => ['The access log cannot be written', dotted(e['file'], e['reason']), 'warn'],
  upgrade_begun: (e) => [`${e['program']} is started to take over`],
  upgrade_serving: (e) => [
    `Process ${e['pid']} serves in this gateway’s place`,
    'It is watched for a while.',
  ],
  upgrade_done: (e) => [`Process ${e['pid']} has taken over`, '', 'up'],
  upgrade_failed: (e) => ['The upgrade failed; this gateway goes on as it was', e['why']],
  upgrade_refused: (e) => ['An upgrade was refused', e['why']],
  took_over: (e) => [`This gateway took over from process ${e['from']}`, '', 'up'],
  draining: () => ['The gateway ends: it finishes what it has'],
  stopped: () => ['The gateway has stopped'],

  relay_exited: (e) => ['The TURN relay is gone', ending(e)],
  relay_replaced: () => ['The TURN relay runs again', '', 'up'],
  relay_not_started: () => ['The TURN relay did not start', undefined, 'down'],

  signed_in: (e) => [`${e['user']} signed in`, dotted(e['by'] && `by ${e['by']}`, from(e))],
  sign_in_failed: (e) => [
    // Of a name that nobody has only that it is none is kept: people type passwords where names belong.
    `Signing in ${e['user'] ? `as ${e['user']}` : 'by a name that nobody has'} failed`,
    dotted(e['why']?.replaceAll('_', ' '), from(e)),
    'warn',
  ],
  user_added: (e) => [`User ${e['user']} was added`, dotted(e['role'], e['by'] && `by ${e['by']}`)],
  sign_in_link_made: (e) => [`A sign-in link for ${e['user']} was made`, by(e['by'])],
  audit_not_kept: (e) => [`The audit could not keep ${e['action']}`, dotted(by(e['by']), e['why']), 'down'],

  mirror_differs: (e) => [
    `A copy for ${e['backend']} was answered differently`,
    dotted(
      e['rule'] && `rule ${e['rule']}`,
      e['status'] && `${e['status']}, the copy ${e['mirror_status'] ?? e['mirror_fault'] ?? 'none'}`,
    ),
    'warn',
  ],

  limit_reached: limit,
  on_demand_limit: (e) => [`Certificates on demand reached ${e['limit']}`],
  overloaded: (e) => {
    const share = Math.round(Number(e['share']) * 100)
    const part = Number.isNaN(share) ? 'some' : `${share} %`
    const are = e['shadow'] === 'true' ? 'would be' : 'are'
    return [
      `${e['process'] ?? 'A worker'} is overloaded: ${part} of new requests ${are} refused`,
      String(e['cause'] ?? '').replaceAll('_', ' '),
      'warn',
    ]
  },
  overload_ended: (e) => [`${e['process'] ?? 'A worker'} is no longer overloaded`, '', 'up'],
  buffers_full: () => ['Buffers are full: clients wait'],
  descriptor_limit: (e) => {
    const wanted = Number(e['wanted'])
    const room = `${number(Number(e['limit']))} may be open, ${number(wanted)} would be wanted`
    const whose = e['process'] === undefined ? '' : ` of ${e['process']}`
    return [`The limit of open files${whose} is low`, dotted(room, e['hint'])]
  },
  accept_paused: () => ['Further clients are not taken for now'],
  admin_gives_way: () => ['The admin listener is closed, to leave room for clients', undefined, 'down'],
  admin_open_again: () => ['The admin listener is open again', '', 'up'],
  proxy_header_refused: (e) => [
    `${e['listener']} refuses connections for their PROXY header`,
    dotted(e['reason'], e['proxy'] && `from ${e['proxy']}`, e['hint']),
  ],

  listener_opened: (e) => [`${e['listener']} is open`, e['address'], 'up'],
  listener_closed: (e) => [`${e['listener']} is closed`, e['address'], 'unk'],
  listener_took_over: (e) => [`${e['listener']} took over from ${e['from']}`, e['address'], 'up'],
  waits_for_port: (e) => [`${e['bind']} is taken: waiting for it`],
  socket_not_wanted: (e) => [`Nobody wants the socket ${e['socket']} that systemd handed over`],
  not_steered: (e) => [`Connections of ${e['listener']} are not spread evenly`],
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const from = (event: Fields): string => (event['from'] === undefined ? '' : `from ${event['from']}`)

/** Fields that are there but empty are null. */
const withoutNull = (event: Fields): Fields =>
  Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null)) as Fields

const LEVELS: Readonly<Record<string, State>> = { info: 'unk', warn: 'warn', error: 'down' }

/** An event that has no words of its own is told by its name. */
export function saidOf(event: Told): Said {
  const fields = withoutNull(event as Fields)
  const words = WORDS[event.event]?.(fields) ?? [upper(event.event.replaceAll('_', ' '))]
  const [title, detail = dotted(fields['why'] ?? fields['reason'], fields['hint']), state] = words
  return { state: state ?? LEVELS[event.level] ?? 'unk', title, detail, href: pageOf(fields) }
}

function pageOf({ topic, backend, server, certificate: name, listener }: Fields): string | null {
  if (backend !== undefined)
    return to(`/backends/${segment(backend)}${server === undefined ? '' : `/servers/${segment(server)}`}`)
  if (name !== undefined) return to(`/certificates/${segment(name)}`)
  if (listener !== undefined) return to(`/listeners/${segment(listener)}`)
  if (topic === 'auth') return to('/settings')
  return topic === 'config' ? to('/config/history') : topic === 'turn' ? to('/realtime') : null
}

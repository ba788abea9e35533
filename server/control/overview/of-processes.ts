// What is wrong with the gateway's own processes, with listeners that are not open, and with what is kept.
import type { OverviewProblem, ProblemAction } from './document.ts'
import type { Seen, ToldEvent } from './seen.ts'
import { ageOf, asSentence, counted, listOf, timeOf } from './words.ts'

/** So long after its start a gateway may still be opening what it serves. */
const STARTS_WITHIN_MS = 5000

export function* processProblems(seen: Seen): Generator<OverviewProblem> {
  yield* workerProblems(seen)
  yield* relayProblem(seen)
  yield* listenerProblems(seen)
  yield* upgradeProblem(seen)
  yield* handedProblems(seen)
  yield* storeProblem(seen)
}

function* workerProblems(seen: Seen): Generator<OverviewProblem> {
  const { workers } = seen.health
  if (workers === undefined || seen.config === null) return
  const { wanted, serving, silent = [], full = [] } = workers
  if (serving < wanted && seen.nowMs - seen.startedMs > STARTS_WITHIN_MS) {
    const failed = lastOf(seen, 'worker_not_started') ?? lastOf(seen, 'worker_exited')
    yield {
      id: 'worker:missing',
      ...{ state: 'not_serving', severity: serving === 0 ? 'down' : 'warn' },
      since: failed === undefined ? null : timeOf(failed.atMs),
      title:
        serving === 0
          ? 'No worker serves'
          : `${serving} of ${counted(wanted, 'worker')} ${serving === 1 ? 'serves' : 'serve'}`,
      cause: `${whyOf(failed)}${serving === 0 ? 'Nobody accepts clients.' : 'The others take its clients.'}`,
      remedy: 'It is started again by itself; the log says how its end came about.',
      about: { kind: 'worker', name: 'workers' },
      actions: [openAction('Open activity')],
    }
  }
  for (const { pid, slot, silent_ms: ms } of silent)
    yield {
      id: `worker:silent:${pid}`,
      ...{
        state: 'silent',
        severity: silent.length >= serving ? 'down' : 'warn',
        since: timeOf(seen.nowMs - ms),
      },
      title: `Worker ${slot} (pid ${pid}) has said nothing for ${ageOf(ms)}`,
      cause: 'It may hang: its clients wait.',
      remedy: 'It is replaced by itself if it goes on.',
      about: { kind: 'worker', name: String(pid) },
      actions: [openAction('Open activity')],
    }
  if (full.length === 0) return
  const told = lastOf(seen, 'descriptor_limit')
  const limit = told?.fields['limit']
  yield {
    id: 'worker:full',
    ...{
      state: 'limits',
      severity: full.length >= serving ? 'down' : 'warn',
      since: told === undefined ? null : timeOf(told.atMs),
    },
    title: `${full.length === 1 ? full[0] : counted(full.length, 'worker')} ${full.length === 1 ? 'accepts' : 'accept'} no clients`,
    cause: `No descriptors are left${typeof limit === 'number' ? ` of ${limit}` : ''}: new clients wait until others have gone.`,
    remedy:
      'Raise the limit of open files (LimitNOFILE of the unit, or ulimit -n), or lower limits.connections of listeners.',
    about: { kind: 'worker', name: full[0] ?? '' },
    actions: [openAction('Open activity')],
  }
}

function* relayProblem(seen: Seen): Generator<OverviewProblem> {
  const { turn } = seen.health
  if (turn === undefined || turn.serving || seen.nowMs - seen.startedMs < STARTS_WITHIN_MS) return
  const failed = lastOf(seen, 'relay_not_started') ?? lastOf(seen, 'relay_exited')
  const names = turn.listeners.map(({ listener }) => listener)
  yield {
    id: 'turn:relay',
    ...{ state: 'not_serving', severity: 'down', since: failed === undefined ? null : timeOf(failed.atMs) },
    title: 'The TURN relay does not run',
    cause: `${whyOf(failed)}${names.length === 1 ? `Listener ${names[0]} answers` : `Listeners ${listOf(names)} answer`} nobody.`,
    remedy: 'It is started again by itself; the log says how its end came about.',
    about: { kind: 'turn', name: names[0] ?? '' },
    actions: [openAction('Open realtime')],
  }
}

/** One that has an address in the config, and is open nowhere. */
function* listenerProblems(seen: Seen): Generator<OverviewProblem> {
  const { config, health, nowMs, startedMs } = seen
  if (config === null || nowMs - startedMs < STARTS_WITHIN_MS) return
  const open = new Set(
    (health.listeners ?? []).filter(({ addresses }) => addresses.length > 0).map(({ listener }) => listener),
  )
  for (const [name, { bind, protocol }] of Object.entries(config.listeners)) {
    // Without a relay none of its listeners is open: that is told of the relay.
    if (open.has(name) || bind === undefined || [bind].flat().length === 0) continue
    if (protocol === 'turn' && health.turn?.serving === false) continue
    yield {
      id: `listener:${name}`,
      ...{ state: 'not_open', severity: 'down', since: null },
      title: `Listener ${name} is not open`,
      cause: `Nobody can connect to ${listOf([bind].flat().map(String))}.`,
      remedy: 'Reload; the log says why it could not be opened.',
      about: { kind: 'listener', name },
      actions: [openAction('Open listener')],
    }
  }
}

/** The latest one, where this gateway went on as it was. */
function* upgradeProblem(seen: Seen): Generator<OverviewProblem> {
  const failed = lastOf(seen, 'upgrade_failed')
  const begun = lastOf(seen, 'upgrade_begun')
  const over = Math.max(failed?.atMs ?? 0, lastOf(seen, 'upgrade_done')?.atMs ?? 0, seen.startedMs)
  if (begun !== undefined && begun.atMs > over) return yield upgrading(seen, begun)
  if (failed === undefined || failed.atMs < seen.startedMs) return
  const { program } = failed.fields
  const tried = typeof program === 'string' && program !== '' ? ` It was to hand over to ${program}.` : ''
  yield {
    id: 'upgrade',
    ...{ state: 'not_upgraded', severity: 'warn', since: timeOf(failed.atMs) },
    title: 'The last upgrade failed',
    cause: `${asSentence(String(failed.fields['why'] ?? ''))} This gateway goes on as it was.${tried}`,
    remedy: 'Look into the log for what the new one said, then try again.',
    about: { kind: 'worker', name: 'upgrade' },
    actions: [openAction('Open activity')],
  }
}

function upgrading(seen: Seen, begun: ToldEvent): OverviewProblem {
  const serving = lastOf(seen, 'upgrade_serving')
  const isServing = serving !== undefined && serving.atMs >= begun.atMs
  return {
    id: 'upgrade',
    ...{ state: 'upgrading', severity: 'note', since: timeOf(begun.atMs) },
    title: 'An upgrade is under way',
    cause: isServing
      ? `Process ${String(serving.fields['pid'])} serves in this gateway’s place, and is watched for a while.`
      : `${String(begun.fields['program'])} is started to take over; until it serves, this gateway does.`,
    remedy: null,
    about: { kind: 'worker', name: 'upgrade' },
    actions: [openAction('Open activity')],
  }
}

/** What systemd handed over, and nothing binds: told at the start. */
function* handedProblems({ events, startedMs }: Seen): Generator<OverviewProblem> {
  for (const { event, atMs, fields } of events) {
    if (event !== 'socket_not_wanted' || atMs < startedMs) continue
    const [name, address, hint] = [fields['socket'], fields['address'], fields['hint']].map((one) =>
      one === undefined ? '' : String(one),
    )
    yield {
      id: `listener:handed:${name}`,
      ...{ state: 'not_wanted', severity: 'warn', since: timeOf(atMs) },
      title: `Nobody wants the socket "${name}" of systemd`,
      cause: address === '' ? 'It serves nobody.' : `Who connects to ${address} waits in vain.`,
      remedy: asSentence(hint ?? ''),
      about: { kind: 'listener', name: name ?? '' },
      actions: [openAction('Open listeners')],
    }
  }
}

function* storeProblem(seen: Seen): Generator<OverviewProblem> {
  const why = seen.health.not_kept
  if (why === undefined) return
  const told = STORE_EVENTS.map((event) => lastOf(seen, event)).find((one) => one !== undefined)
  const hint = told?.fields['hint']
  yield {
    id: 'store',
    ...{ state: 'not_kept', severity: 'warn', since: told === undefined ? null : timeOf(told.atMs) },
    title: 'Not everything is kept',
    cause: `${asSentence(why)} Traffic goes on.`,
    remedy:
      typeof hint === 'string'
        ? asSentence(hint)
        : 'See whether the data folder is there, has room, and can be written.',
    about: { kind: 'store', name: 'state.db' },
    actions: [openAction('Open activity')],
  }
}

const STORE_EVENTS = ['store_gone', 'store_not_open', 'store_waits', 'data_lost'] as const

const lastOf = ({ events }: Seen, name: string): ToldEvent | undefined =>
  events.findLast(({ event }) => event === name)

/** Why a process is not there, as far as that was told. */
function whyOf(told: ToldEvent | undefined): string {
  if (told === undefined) return ''
  const { why, signal, code } = told.fields
  if (typeof why === 'string') return `It could not be started: ${why}. `
  if (typeof signal === 'string') return `One was ended by ${signal}. `
  return typeof code === 'number' ? `One ended with exit code ${code}. ` : ''
}

const openAction = (label: string): ProblemAction => ({ kind: 'open', label, role: 'viewer' })

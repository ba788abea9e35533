// sluice health: which servers are up.
import type { RefusedFacts } from '../telemetry/certificate-documents.ts'
import type {
  ConfigFacts,
  HealthDocument,
  RejectedProblem,
  SocketsFacts,
  FlowFacts,
  TurnFacts,
} from '../telemetry/documents.ts'
import { OPTIONS_HELP, ask, exitUnanswered, EXIT_HELP, healthOfScope, readQuestion, scopeOf } from './ask.ts'
import { clockOf, dayAndClockOf } from './clock.ts'
import type { Io } from './io.ts'
import { serverReason, stateWord } from './server-reason.ts'
import { table } from './table.ts'

const HELP = `Tells which servers are up, and why the others are not.

Usage: sluice health [NAME] [-c FILE | --admin URL] [--json]

${OPTIONS_HELP}
Exit code: 0 every backend has a server that is up; 1 one has none, no gateway was reached, or there is no such name; ${EXIT_HELP}.
`

/** Prints the health of the servers. */
export async function health(args: readonly string[], io: Io): Promise<number> {
  const question = readQuestion('health', HELP, args, io)
  if (typeof question === 'number') return question
  const all = await ask<HealthDocument>(question.gateway, '/_health', io)
  if (all === null) return exitUnanswered(question.gateway)
  const scope = await scopeOf(question, all, io)
  if (typeof scope === 'number') return scope
  const document = healthOfScope(all, scope)
  io.stdout(question.isJson ? `${JSON.stringify(document)}\n` : healthText(document))
  return document.healthy ? 0 : 1
}

function healthText(document: HealthDocument): string {
  const rows = document.backends.map((one) => [
    one.backend,
    one.server,
    stateWord(one),
    one.weight,
    one.active_connections,
    serverReason(one),
  ])
  const servers = table(['BACKEND', 'SERVER', 'STATE', 'WEIGHT', 'IN FLIGHT', 'REASON'], rows)
  return `${healthLines(document)}\n${rows.length === 0 ? '' : `\n${servers}`}`
}

/** What sums up: servers, whether the gateway is going, and which config it serves. */
export function healthLines(document: HealthDocument): string {
  const { healthy, healthy_count, total_count, draining, workers, turn, udp, sockets, config } = document
  const unchecked = document.backends.filter(
    ({ state, healthy: isWell }) => state === 'unchecked' && isWell,
  ).length
  const ofThem =
    unchecked === 0 ? '' : `, ${unchecked === healthy_count ? '' : `${unchecked} of them `}unchecked`
  const out = document.backends.filter(({ state }) => state === 'draining' || state === 'maintenance').length
  const taken = out === 0 ? '' : `, ${out} taken out of use`
  const ofServers =
    total_count === 0 ? 'no servers' : `${healthy_count} of ${total_count} servers up${ofThem}${taken}`
  return [
    `${healthy ? `healthy${doClientsWait(document) ? ', but clients wait' : ''}` : 'unhealthy'}: ${ofServers}`,
    ...(draining === true ? ['draining: it is about to stop, and finishes what is in flight'] : []),
    ...(workers === undefined || workers.serving >= workers.wanted
      ? []
      : [`workers: ${workers.serving} of ${workers.wanted} serve`]),
    ...(workers?.silent ?? []).map(silentLine),
    ...(workers?.full ?? []).map(fullLine),
    ...(turn === undefined ? [] : [turnLine(turn)]),
    ...(udp === undefined ? [] : [udpLine(udp)]),
    ...(sockets === undefined ? [] : [socketsLine(sockets)]),
    ...(config === undefined ? [] : [configLine(config)]),
    ...(document.refused_files ?? []).map(refusedLine),
    ...(document.not_kept === undefined
      ? []
      : [`data: ${document.not_kept}; "sluice events" tells what to do`]),
  ].join('\n')
}

/** Some worker accepts nobody, or answers nobody. */
const doClientsWait = ({ workers }: HealthDocument): boolean =>
  (workers?.full ?? []).length > 0 || (workers?.silent ?? []).length > 0

const fullLine = (process: string): string =>
  `${process} accepts no clients until descriptors are free (descriptor_limit): they wait`

function silentLine({ pid, silent_ms }: { readonly pid: number; readonly silent_ms: number }): string {
  return `worker ${pid} has said nothing for ${Math.round(silent_ms / 1000)} s: its clients wait; it is replaced if it hangs`
}

function turnLine({ serving, listeners }: TurnFacts): string {
  if (!serving) return 'turn: the relay does not run; it is being replaced'
  const sum = listeners.reduce((all, { allocations }) => all + allocations, 0)
  const counts = listeners.map(({ listener, allocations }) => `${listener} ${allocations}`)
  const byListener = listeners.length > 1 ? ` (${counts.join(', ')})` : ''
  return `turn: ${sum} ${sum === 1 ? 'allocation' : 'allocations'}${byListener}`
}

function udpLine(listeners: readonly FlowFacts[]): string {
  const sum = listeners.reduce((all, { flows }) => all + flows, 0)
  const counts = listeners.map(({ listener, flows }) => `${listener} ${flows}`)
  const byListener = listeners.length > 1 ? ` (${counts.join(', ')})` : ''
  return `udp: ${sum} ${sum === 1 ? 'flow' : 'flows'}${byListener}`
}

function socketsLine({ kind, why, others }: SocketsFacts): string {
  const because = (text: string | null): string => (text === null ? '' : ` (${text})`)
  const differing = others.map((other) => `; ${other.process}: ${other.kind}${because(other.why)}`)
  return `sockets: ${kind}${because(why)}${differing.join('')}`
}

function configLine({ revision, rejected, unconfirmed = null }: ConfigFacts): string {
  const until = unconfirmed === null ? '' : `; taken back at ${clockOf(unconfirmed)} unless it is confirmed`
  if (rejected === null) return `config: revision ${revision}${until}`
  const at = clockOf(rejected.time)
  const { taken_back: back } = rejected
  if (back)
    return `config: revision ${revision}${until}; revision ${back.revision} was taken back at ${at}: ${back.why}`
  const [first, ...more] = rejected.problems
  const problem = first === undefined ? '' : `: ${problemText(first)}`
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  return `config: revision ${revision}${until}; a newer file was rejected at ${at}${problem}${others}`
}

const refusedLine = ({ owner, name, why, since }: RefusedFacts): string =>
  owner === 'jwt'
    ? `auth.jwt.${name}: its keys cannot be had since ${dayAndClockOf(since)}, those of before go on: ${why}`
    : `${owner} ${name}: its files are refused since ${dayAndClockOf(since)}, what they held before goes on: ${why}`

/** As `sluice check` tells it, when it is of the file. */
export function problemText({ file, line, column, path, message, hint }: RejectedProblem): string {
  const place = typeof file === 'string' ? `${file}:${String(line)}:${String(column)}` : ''
  const where = [place, path].filter((text) => text !== '').join(' ')
  return `${where === '' ? '' : `${where}: `}${message}${typeof hint === 'string' ? `; ${hint}` : ''}`
}

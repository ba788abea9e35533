// An explained request or connection for people.
import type { ExplainedAny } from '../control/explain/explain-any.ts'
import type { ExplainedConnection } from '../control/explain/explain-connection.ts'
import type { Explained } from '../control/explain/explained.ts'
import type { ExplainedBackend, ExplainedServer } from '../control/explain/explain-backend.ts'
import type { ExplainedLimits } from '../control/explain/explain-limits.ts'
import type { ExplainedRetries } from '../control/explain/explain-retries.ts'
import type { ExplainedSession } from '../control/explain/explain-session.ts'
import type { ExplainedRule, RulesTrace } from '../control/explain/explain-rules.ts'
import { partText } from '../control/explain/part-text.ts'
import type { ExplainedShare } from '../control/explain/explain-share.ts'
import type { ExplainedNearest } from '../control/explain/explain-nearest.ts'
import type { ExplainedSplit } from '../control/explain/explain-split.ts'
import type { ExplainedStep } from '../control/explain/explain-steps.ts'

/** `isLive`: states are those of a running gateway. */
export function explainedText(explained: ExplainedAny, isLive: boolean): string {
  if (explained.kind === 'connection') return [...connectionText(explained, isLive), ''].join('\n')
  const { connection } = explained
  const before = connection === undefined ? [] : connectionText(connection, isLive)
  return [...before, requestText(explained, isLive)].join('\n')
}

function connectionText(told: ExplainedConnection, isLive: boolean): string[] {
  const { connection, listener, gates, rule, handed_to: next, backend } = told
  const { transport, port, client, server_name: name, alpn } = connection
  const asks = [
    ...(name === null ? [] : [`asks for ${name}`]),
    ...(alpn.length === 0 ? [] : [`offers ${alpn.join(', ')}`]),
  ]
  return [
    `${transport === 'udp' ? 'datagrams ' : 'connection'}  ${transport} to port ${port} of ${client}${asks.map((one) => `, ${one}`).join('')}`,
    `listener    ${listener.name} (${listener.protocol}): ${listener.why}`,
    ...gates.map(
      ({ gate, does, why }, index) =>
        `${index === 0 ? 'before' : '      '}      ${gate.replace('_', ' ')}: ${does}, ${why}`,
    ),
    ...(rule === null ? [] : [`rule        ${rule.name}${next === null ? '' : `: to listener ${next}`}`]),
    ...(backend === null ? [] : backendText(backend, isLive)),
    `outcome     ${ledText(told)}`,
  ]
}

function ledText({ outcome, fault, detail, backend }: ExplainedConnection): string {
  const because = detail === null ? '' : `: ${detail}`
  if (fault !== null) return `${fault}${because}`
  if (outcome === 'relay') return 'the TURN relay has it'
  if (outcome === 'requests') return `its requests are looked at one by one${because}`
  const open = backend?.servers_with_work ?? 0
  return `sent to backend ${backend?.backend}, ${open} ${open === 1 ? 'server gets' : 'servers get'} work${because}`
}

function requestText(explained: Explained, isLive: boolean): string {
  const { request, listener, trace, captures, share, split, nearest, mirror } = explained
  const { middleware, backend, outcome, headers } = explained
  const { method, scheme, host, path, query, client } = request
  const url = `${scheme}://${host}${path}${query === '' ? '' : `?${query}`}`
  return [
    `request     ${method} ${url} of ${client}`,
    `listener    ${listener.name}: ${listener.why}`,
    ...(trace === null ? [] : rulesText(trace)),
    ...Object.entries(captures).map(
      ([name, text]) => `            {path.${name}} is ${JSON.stringify(text)}`,
    ),
    ...(share === null ? [] : [`share       ${shareText(share)}`]),
    ...middleware.map(
      (step, index) => `${index === 0 ? 'middleware' : '          '}  ${stepText(step, isLive)}`,
    ),
    ...(split === null ? [] : splitText(split)),
    ...(mirror === null
      ? []
      : [`mirror      copies of ${mirror.percent} of a hundred to backend ${mirror.backend}`]),
    ...sentText(explained),
    ...(nearest === null ? [] : nearestText(nearest)),
    ...(backend === null ? [] : backendText(backend, isLive)),
    ...(outcome === 'backend' && headers.length > 0
      ? [`answer      with ${headers.map(([name, value]) => `${name}: ${value}`).join('; ')}`]
      : []),
    `outcome     ${outcomeText(explained)}`,
    '',
  ].join('\n')
}

/** What a server gets that the client has not sent. */
function sentText({ sent, request: { path, query, host } }: Explained): string[] {
  if (sent === null) return []
  const { method, target, host: seen, set, removed } = sent
  const isElsewhere = target !== (query === '' ? path : `${path}?${query}`)
  const isRenamed = seen.replace(/:[0-9]+$/, '').toLowerCase() !== host
  const parts = [
    ...(isElsewhere || isRenamed ? [`${method} ${target}${isRenamed ? ` for ${seen}` : ''}`] : []),
    ...set.flatMap(([name, value]) => (name.toLowerCase() === 'host' ? [] : [`${name}: ${value}`])),
    ...removed
      .filter((name) => !set.some(([other]) => other.toLowerCase() === name))
      .map((name) => `no ${name}`),
  ]
  return parts.length === 0 ? [] : [`sent        as ${parts.join('; ')}`]
}

function rulesText({ rules, candidates, left_out, not_asked }: RulesTrace): string[] {
  const lines = candidates.map((one, index) => `${index === 0 ? 'rules ' : '      '}      ${ruleText(one)}`)
  const reasons = Object.entries(left_out).flatMap(([part, count]) =>
    count > 0 ? [`${count} by ${part}`] : [],
  )
  if (reasons.length > 0) lines.push(`            further ones that do not match: ${reasons.join(', ')}`)
  if (not_asked > 0) lines.push(`            ${not_asked} behind it are not asked`)
  return rules === 0 ? ['rules       the listener has none'] : lines
}

function ruleText({ rule, place, matches, unmet }: ExplainedRule): string {
  const name = `${rule}${place === null ? '' : ` (rules.${place})`}`
  return matches ? `${name}: takes it` : `${name}: no, ${unmet.map(partText).join('; ')}`
}

/** "10 of a hundred, by chance: the others go on to rule rest" */
function shareText({ weight, by, by_chance, others }: ExplainedShare): string {
  if (!by_chance) return `${weight} of a hundred, by ${by}: it is one of them`
  const next = others === null ? 'and no rule takes them' : `to rule ${others.name}`
  return `${weight} of a hundred, by chance: the others go on ${next}`
}

function nearestText({ country, regions }: ExplainedNearest): string[] {
  const shown = regions.map(({ backend, by, km, in_use }) => {
    const why =
      by === 'rest'
        ? 'for all others'
        : by === 'order'
          ? 'nothing speaks for it'
          : by === 'distance'
            ? `${km} km`
            : `by ${by}`
    return `            ${backend}: ${why}${in_use ? '' : ', no server in use'}`
  })
  return [`nearest     to a client in ${country ?? 'a country that is not known'}`, ...shown]
}

function splitText({ part, by, by_chance, instead_of, parts }: ExplainedSplit): string[] {
  const why = by_chance ? 'by chance, most go there' : `by ${by}`
  const instead = instead_of === null ? '' : `, in place of ${instead_of}, which has no server in use`
  return [
    `split       part ${part}, ${why}${instead}`,
    ...parts.map(
      ({ part: name, backend, weight, percent, in_use }) =>
        `            ${name}: ${percent} of a hundred (weight ${weight}), backend ${backend}${in_use ? '' : ', no server in use'}`,
    ),
  ]
}

const DOES = {
  passes: 'lets it pass',
  refuses: 'refuses it',
  answers: 'answers it itself',
  would_refuse: 'would refuse it: in shadow it only counts',
  depends: 'depends on what else comes',
  not_reached: 'is not reached',
  off: 'is off',
} as const

function stepText(step: ExplainedStep, isLive: boolean): string {
  const { name, mode, acts_on, does, why, limit, in_use, left } = step
  const used = in_use === undefined ? '' : `; ${in_use} now`
  const now = isLive ? (left === undefined ? used : `; ${left} left`) : ''
  const about = [...(why === undefined ? [] : [why]), ...(limit === undefined ? [] : [`${limit}${now}`])]
  const by = about.length === 0 ? '' : ` (${about.join('; ')})`
  const on = acts_on.length === 0 ? '' : `, acts on ${acts_on.join(', ')}`
  return `${name}${mode === 'enforce' ? '' : ` (${mode})`}: ${DOES[does]}${by}${on}`
}

function backendText(backend: ExplainedBackend, isLive: boolean): string[] {
  const { algorithm, hashed_by, hashed_to, servers, servers_left_out } = backend
  const hashed = hashed_by === null ? '' : `, by ${hashed_by}${hashed_to === null ? '' : ` to ${hashed_to}`}`
  const states = isLive ? '' : '; servers are taken to be up, --live asks the gateway'
  return [
    `backend     ${backend.backend}: ${algorithm}${hashed}${states}`,
    ...(backend.sticky === null ? [] : [`session     ${sessionText(backend.sticky)}`]),
    ...(backend.retries === null ? [] : [`retries     ${retriesText(backend.retries, isLive)}`]),
    ...(isLive && backend.limits ? [`limits      ${limitsText(backend.limits)}`] : []),
    ...servers.map((one) => `  ${one.gets_work ? '+' : '-'} ${serverText(one, isLive)}`),
    ...(servers_left_out > 0 ? [`    and ${servers_left_out} more`] : []),
  ]
}

function retriesText(told: ExplainedRetries, isLive: boolean): string {
  const { attempts, is_idempotent, statuses, is_hedged, under_way, most } = told
  const when = is_idempotent ? 'where nothing was answered' : 'where nothing had reached a server'
  const also = statuses.length === 0 ? '' : `, or in place of ${statuses.join(', ')}`
  const beside = is_hedged ? '; another beside one that lets wait' : ''
  const budget = isLive ? `; ${under_way} of ${most} further ones under way` : ''
  return `up to ${attempts} attempts, ${when}${also}${beside}${budget}`
}

/** "4 of 100 in flight; 3 of 20 wait for answers (adaptive_limit); 2 wait, each worker has room for 1024" */
function limitsText({ in_flight, most, adaptive, waiting, queue }: ExplainedLimits): string {
  const shadow = adaptive?.mode === 'shadow' ? ', shadow' : ''
  const room = queue === 0 ? 'there is no queue' : `each worker's queue has room for ${queue}`
  return [
    ...(in_flight === null ? [] : [`${in_flight}${most === null ? '' : ` of ${most}`} in flight`]),
    ...(adaptive === null
      ? []
      : [`${adaptive.in_flight} of ${adaptive.most} wait for answers (adaptive_limit${shadow})`]),
    `${waiting} ${waiting === 1 ? 'waits' : 'wait'} for a server, ${room}`,
  ].join('; ')
}

function sessionText({ cookie, result, server, why }: ExplainedSession): string {
  if (result === null) return `cookie ${cookie}: cannot be read here, ${why}`
  if (result === 'hit') return `cookie ${cookie}: stays with ${server}`
  if (result === 'moved')
    return `cookie ${cookie}: leaves ${server ?? 'a server that is not there any more'}: ${why}`
  return `cookie ${cookie}: ${result === 'new' ? 'there is none' : result}, and a new one is given`
}

function serverText({ server, weight, why, in_flight, gets_work }: ExplainedServer, isLive: boolean): string {
  const facts = [`weight ${weight}`, ...(isLive ? [`${in_flight} in flight`] : [])]
  const reason = why === null ? '' : gets_work ? ` (${why})` : `: ${why}`
  return `${server}, ${facts.join(', ')}${reason}`
}

function outcomeText({ outcome, status, fault, detail, location, backend }: Explained): string {
  const because = detail === null ? '' : `: ${detail}`
  if (fault !== null) return `${status} ${fault}${because}`
  if (outcome === 'redirect') return `${status} to ${location}${because}`
  if (outcome === 'respond') return `${status}, a fixed answer`
  if (outcome === 'answered') return `${status}, answered by a step of the rule`
  if (outcome === 'own_document') return 'a document of the gateway itself (status_endpoints)'
  const open = backend?.servers_with_work ?? 0
  return `sent to backend ${backend?.backend}, ${open} ${open === 1 ? 'server gets' : 'servers get'} work${because}`
}

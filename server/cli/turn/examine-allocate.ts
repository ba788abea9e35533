// Credentials and allocations of an examination.
import type { Address } from '../../lib/address.ts'
import { ATTRIBUTES, METHODS } from '../../turn/bytes/stun.ts'
import type { Answer } from './answer.ts'
import type { Examination } from './examination.ts'
import { reach, type Reached, reachOne } from './examine-reach.ts'
import { explainAllocate, explainSilence, factsOf, saidBy } from './explanations.ts'
import { describeChallenge } from './explain-challenge.ts'
import { refusalOf } from './explain-refusal.ts'
import type { Finding, StepName } from './report.ts'
import type { Silence } from './transactions.ts'
import { askForUdp, TurnClient } from './turn-client.ts'

/** An allocation that stands. */
export interface Held {
  readonly client: TurnClient
  readonly reached: Reached
  readonly relayed: Address
}

/** Looks at what the server demands, proves who we are, allocates. Null: it ends here. */
export async function allocateFirst(exam: Examination, reached: Reached): Promise<Held | null> {
  const held = await begin(exam, reached, 'may be redirected')
  if (held === null) reached.client.close()
  return held
}

type Redirection = 'may be redirected' | 'was redirected'

/** Ports of ours that are tried. */
const PORTS = 3

async function begin(
  exam: Examination,
  reached: Reached,
  redirection: Redirection,
  ports = PORTS,
): Promise<Held | null> {
  const { report, wishes } = exam
  const { client } = reached
  // 1. Without credentials: what does the server demand?
  const bare = await client.ask(METHODS.ALLOCATE, askForUdp)
  if ('silence' in bare) return report.fail('challenge', explainSilence(bare))
  // RFC 8656 §7.4: the server still has an allocation of who had this port before: from another one.
  if (bare.code === 437 && ports > 1) return elsewhere(exam, reached, redirection, ports - 1)
  if (bare.code === 300) return follow(exam, reached, bare, redirection)
  if (bare.code === 0) {
    report.warn('challenge', { ...OPEN, facts: factsOf(bare) })
    return take(exam, reached, bare, 'allocate')
  }
  if (bare.code !== 401) return report.fail('challenge', explainAllocate(bare))
  client.learn(bare.message)
  if (!describeChallenge(exam, bare, client.challenge)) return null
  // 2. With them.
  if (wishes.login === null) return report.fail('authenticate', NO_LOGIN)
  const answer = await allocate(client)
  if ('silence' in answer) return report.fail('authenticate', explainSilence(answer))
  if (answer.code === 300) return follow(exam, reached, answer, redirection)
  const refusal = await refusalOf(exam, reached, answer)
  if (refusal !== null) return report.fail('authenticate', refusal)
  // An error is signed too where the proof was accepted: then only the allocation has failed.
  if (answer.isProven === true) {
    const { user } = wishes.login
    const facts = { user, ...factsOf(answer) }
    report.ok('authenticate', `user "${user}" is let in, and the server knows the password too`, facts)
  }
  return take(exam, reached, answer, 'allocate')
}

async function elsewhere(
  exam: Examination,
  reached: Reached,
  redirection: Redirection,
  ports: number,
): Promise<Held | null> {
  const other = await again(exam, reached)
  if (other === null) return null
  const held = await begin(exam, other, redirection, ports)
  if (held === null) other.client.close()
  else reached.client.close()
  return held
}

const OPEN = {
  found: 'the server allocates for everybody, without credentials: an open relay',
  advice:
    'Strangers will use it. Demand credentials (Sluice: auth; coturn: lt-cred-mech or use-auth-secret).',
}

const NO_LOGIN: Finding = {
  found: 'the server demands credentials, and none were given',
  advice: 'Give -u USER and -p PASSWORD, or --secret SECRET for time-limited ones.',
}

// A server that has only IPv6 to relay on answers 440 unless it is asked for that.
async function allocate(client: TurnClient): Promise<Answer | Silence> {
  const answer = await client.allocate()
  const wants6 = !('silence' in answer) && answer.code === 440
  return wants6 ? client.allocate({ family: 6 }) : answer
}

// ── the allocation ──

/** The relayed address of a success; else reports why there is none. */
function take(exam: Examination, reached: Reached, answer: Answer, step: StepName): Held | null {
  const { report } = exam
  if (answer.code !== 0) return report.fail(step, explainAllocate(answer))
  const relayed = answer.message.address(ATTRIBUTES.XOR_RELAYED_ADDRESS)
  if (relayed === null || relayed === 'malformed')
    return report.fail(step, {
      found: 'the server allocates, but does not say where (no XOR-RELAYED-ADDRESS)',
      advice: 'It does not follow RFC 8656. See its log.',
      facts: factsOf(answer),
    })
  judgeRelayed(exam, step, reached.address, { relayed, answer })
  return { client: reached.client, reached, relayed }
}

function judgeRelayed(
  exam: Examination,
  step: StepName,
  server: Address,
  { relayed, answer }: { readonly relayed: Address; readonly answer: Answer },
): void {
  const { report, world } = exam
  const { lifetime } = answer.message
  const range = world.rangeOf(relayed.host)
  const facts = { ...factsOf(answer), relayed: String(relayed), lifetime_s: lifetime, range }
  const found = `${relayed} is ours for ${lifetime} s`
  // A server that is itself reached at a private address may well relay there.
  const isNear = range !== null && world.rangeOf(server.host) !== null
  const isNowhere = relayed.port === 0 || NOWHERE.includes(relayed.host)
  if (isNowhere || (range !== null && !isNear))
    report.fail(step, {
      found: `${found}, but it is ${range ?? 'no address'}: peers elsewhere cannot reach it`,
      advice:
        'Tell the server its public address (Sluice: relay.advertise; coturn: external-ip=PUBLIC/PRIVATE).',
      facts,
    })
  else if (relayed.family === 6)
    report.warn(step, {
      found: `${found}, of IPv6, for want of one of IPv4`,
      advice: 'Browsers ask for IPv4 and are refused (440): give the server an IPv4 address to relay on.',
      facts,
    })
  else report.ok(step, isNear ? `${found} (${range}, as the server itself)` : found, facts)
}

const NOWHERE = ['0.0.0.0', '::']

/** Allocates as another client does: at the same address, or at the other server that was named. */
export async function allocateSecond(exam: Examination, first: Held): Promise<Held | null> {
  const { report, wishes } = exam
  const reached =
    wishes.peerUrl === null ? await again(exam, first.reached) : await reach(exam, wishes.peerUrl)
  if (reached === null) return null
  const answer = await allocate(reached.client)
  const held =
    'silence' in answer
      ? report.fail('second', explainSilence(answer))
      : take(exam, reached, answer, 'second')
  if (held === null) reached.client.close()
  return held
}

async function again({ report, wishes }: Examination, { address, url }: Reached): Promise<Reached | null> {
  const target = { transport: url.transport, address, serverName: url.host }
  const client = await TurnClient.open(target, { timeoutMs: wishes.timeoutMs, login: wishes.login })
  if (!('failure' in client)) return { client, address, url }
  report.fail('second', {
    found: `a second connection to ${address} is not possible (${client.detail})`,
    advice: 'The server limits connections of one address, or has stopped. See its log.',
    facts: { ...client },
  })
  return null
}

// ── 300 ──

async function follow(
  exam: Examination,
  { client, url }: Reached,
  answer: Answer,
  redirection: Redirection,
): Promise<Held | null> {
  const { report } = exam
  const alternate = answer.message.address(ATTRIBUTES.ALTERNATE_SERVER)
  const domain = answer.message.text(ATTRIBUTES.ALTERNATE_DOMAIN)
  client.close()
  const facts = { ...factsOf(answer), alternate: alternate === null ? null : String(alternate), domain }
  if (alternate === null || alternate === 'malformed')
    return report.fail('redirect', {
      found: `${saidBy(answer)}, but not where`,
      advice: 'See the alternates that the server is set to.',
      facts,
    })
  if (redirection === 'was redirected')
    return report.fail('redirect', {
      found: `sent on to ${alternate}, for the second time`,
      advice: 'Clients may give up: let a server send them to one that serves.',
      facts,
    })
  report.ok('redirect', `${saidBy(answer)}: we are sent to ${alternate}`, facts)
  // RFC 8489 §10: the same transport; a certificate for the domain that was named, else for the first
  // server's.
  const other = { ...url, host: domain ?? url.host, port: alternate.port }
  const reached = await reachOne(exam, other, [alternate])
  if (reached === null) return null
  const held = await begin(exam, reached, 'was redirected')
  if (held === null) reached.client.close()
  return held
}

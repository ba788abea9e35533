// Why credentials are refused: a wrong password, an expired name, or clocks that differ.
import type { Examination } from './examination.ts'
import type { Reached } from './examine-reach.ts'
import { explainOther, factsOf, saidBy } from './explanations.ts'
import type { Finding } from './report.ts'
import type { Answer } from './answer.ts'
import { TurnClient } from './turn-client.ts'

/**
 * What stands against the proof that this answers; null: it was accepted, and the answer is the server's own.
 */
export async function refusalOf(
  exam: Examination,
  reached: Reached,
  answer: Answer,
): Promise<Finding | null> {
  if (answer.code === 401) return explainRefusal(exam, reached, answer)
  if (answer.code === 438) return explainOther(answer)
  if (answer.code !== 0 || answer.isProven !== false) return null
  return {
    found: `user "${exam.wishes.login?.user}" is let in, but the answer was not made with the password`,
    advice:
      'Somebody else may have answered, or the server knows another password and does not look at ours.',
    facts: factsOf(answer),
  }
}

// A 401 to a request that had credentials. Where they were made from a secret, tries others that are good for
// longer.
async function explainRefusal(exam: Examination, reached: Reached, answer: Answer): Promise<Finding> {
  const { wishes, world } = exam
  const { user = '', expiryS = null, longer = null } = wishes.login ?? {}
  const facts = { user, ...factsOf(answer), expires: expiryS === null ? null : isoOf(expiryS) }
  const refused = `user "${user}" is refused: ${saidBy(answer)}`
  if (expiryS === null)
    return {
      found: refused,
      advice: `The name or the password is wrong, or they belong to another realm than "${reached.client.challenge?.realm}". Where the server has a shared secret, give --secret instead.`,
      facts,
    }
  const leftS = Math.round(expiryS - world.nowMs() / 1000)
  if (leftS <= 0)
    return {
      found: `${refused}. These credentials expired ${howLong(-leftS)} ago by our clock (${isoOf(expiryS)})`,
      advice: 'Have new ones made, or look at the clock of the machine that makes them.',
      facts: { ...facts, left_s: leftS },
    }
  if (longer !== null && (await isLetIn(exam, reached, longer)))
    return {
      found: `${refused}, but the same secret is let in with credentials for a day longer: the clocks differ`,
      advice: 'The clock of the server is ahead of that of this machine: set both by NTP.',
      facts: { ...facts, left_s: leftS, clocks_differ: true },
    }
  return {
    found: `${refused}, although these credentials are good for another ${howLong(leftS)} by our clock`,
    advice:
      'The secret is not the one that the server has, or the server has static users (then give -u and -p), or its clock is far ahead of ours.',
    facts: { ...facts, left_s: leftS },
  }
}

async function isLetIn(
  { wishes }: Examination,
  { address, url }: Reached,
  login: { user: string; password: string },
): Promise<boolean> {
  const target = { transport: url.transport, address, serverName: url.host }
  const client = await TurnClient.open(target, { timeoutMs: wishes.timeoutMs, login })
  if ('failure' in client) return false
  const answer = await client.allocate()
  const isIn = !('silence' in answer) && answer.code === 0
  if (isIn) await client.refresh(0)
  client.close()
  return isIn
}

const isoOf = (seconds: number): string => {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString()
}

/** In the largest unit that there are two of. */
function howLong(seconds: number): string {
  for (const [unit, name] of UNITS) if (seconds >= 2 * unit) return `${Math.floor(seconds / unit)} ${name}`
  return `${seconds} s`
}

const UNITS = [
  [86_400, 'days'],
  [3600, 'hours'],
  [60, 'minutes'],
] as const

// Answers to the CAs that look whether a name leads here (ACME's http-01, RFC 8555 §8.3). They come by HTTP
// to any listener and any worker, before rules are asked: only for tokens under way, else the path is as any
// other.
import type { Answer } from '../head/answer.ts'
import type { RequestHead } from '../head/request-head.ts'
import { METHOD_GET, METHOD_HEAD } from '../tables/methods.ts'

/** What is answered, by token. */
export type ChallengeTokens = Readonly<Record<string, string>>

const PATH = '/.well-known/acme-challenge/'

/** Of this process. Null: nothing is under way, as nearly always. */
let underWay: ReadonlyMap<string, string> | null = null

/** These are answered from now on, and no others. */
export function answerChallenges(tokens: ChallengeTokens): void {
  const all = Object.entries(tokens)
  underWay = all.length === 0 ? null : new Map(all)
}

/** Null: this request is for the rules. */
export function challengeAnswer(request: RequestHead): Answer | null {
  if (underWay === null) return null
  if (request.methodId !== METHOD_GET && request.methodId !== METHOD_HEAD) return null
  const { path } = request
  if (!path.startsWith(PATH)) return null
  const body = underWay.get(path.slice(PATH.length))
  if (body === undefined) return null
  return {
    status: 200,
    headers: [
      ['Content-Type', 'application/octet-stream'],
      ['Cache-Control', 'no-store'],
    ],
    body,
    fault: null,
  }
}

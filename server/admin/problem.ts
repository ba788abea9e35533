// Problem documents (RFC 9457): how the admin API says no.
import { tellBug } from '../lib/bug.ts'
import type { Refusal } from './auth/authenticator.ts'
import { problemType, PROBLEMS, type ProblemCode } from './problem-codes.ts'

/** One of several things that stand against a request. */
export interface ProblemItem {
  /** RFC 6901, into the body that was sent. */
  readonly pointer?: string
  /** Of the query. */
  readonly parameter?: string
  /** In the config. */
  readonly path?: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly code?: string
  readonly message: string
  readonly hint?: string
}

export interface MoreOfProblem {
  readonly errors?: readonly ProblemItem[]
  readonly cause?: string
  readonly hint?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Members of this kind of problem, as `required_role`. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Where not even the shell could answer. */
export function brokenAnswer(error: unknown): Response {
  tellBug(error)
  return problem('internal', 'The gateway could not make this answer.')
}

export const PROBLEM_TYPE = 'application/problem+json'

/** What became an answer: the shell adds which request it was. */
const documents = new WeakMap<Response, Readonly<Record<string, unknown>>>()

/** An answer that says what went wrong, for programs and for people. */
export function problem(code: ProblemCode, detail: string, more: MoreOfProblem = {}): Response {
  const { status, title } = PROBLEMS[code]
  const { errors = [], cause, hint, headers = {}, members = {} } = more
  const document = {
    ...{ type: problemType(code), title, status, detail, code },
    ...(cause !== undefined && { cause }),
    ...(hint !== undefined && { hint }),
    ...members,
    errors,
  }
  return answerWith(document, status, headers)
}

/** What was found against who asks, as an answer. */
export const problemOfRefusal = ({ code, detail, hint, headers }: Refusal): Response =>
  problem(code, detail, { ...(hint !== undefined && { hint }), ...(headers !== undefined && { headers }) })

/** The same with the id of the request as `instance`; null: this answer is no problem of ours. */
export function withInstance(answer: Response, instance: string): Response | null {
  const document = documents.get(answer)
  if (document === undefined) return null
  const { type, title, status, detail, ...rest } = document
  const headers = Object.fromEntries(answer.headers)
  return answerWith({ type, title, status, detail, instance, ...rest }, answer.status, headers)
}

function answerWith(
  document: Readonly<Record<string, unknown>>,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  const answer = new Response(`${JSON.stringify(document)}\n`, {
    status,
    headers: { 'content-type': PROBLEM_TYPE, ...headers },
  })
  documents.set(answer, document)
  return answer
}

/** A document as answer. */
export const jsonAnswer = (
  document: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response => jsonText(`${JSON.stringify(document)}\n`, status, headers)

/** The same of a document that was written already. */
export const jsonText = (
  text: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response => new Response(text, { status, headers: { 'Content-Type': 'application/json', ...headers } })

// The last requests of all workers, gathered when somebody asks: nothing of them is sent while nobody does.
import type { CacheQuestion } from '../../cache/questions.ts'
import type { RequestFilter } from '../../telemetry/request-filter.ts'
import type { RequestsAnswer, RequestsQuestion } from '../../telemetry/request-ring.ts'
import { hidden, type ToldRequest } from '../../telemetry/told-request.ts'

/** A worker, as far as it is asked here. */
export interface AskedWorker {
  readonly pid: number
  ask(question: RequestsQuestion | CacheQuestion, withinMs: number): Promise<unknown>
}

export interface FoundRequest extends Omit<ToldRequest, 'seq' | 'atMs' | 'unseen'> {
  /** By which it is found again, as long as it is kept. */
  readonly id: string
  /** Process id. */
  readonly worker: number
}

export interface FoundRequests {
  /** The newest first. */
  readonly requests: readonly FoundRequest[]
  /** That are kept, and pass the filter. */
  readonly left_out: number
  /** Workers that did not answer in time. */
  readonly silent: readonly number[]
}

const ANSWER_MS = 5000

export async function gatherRequests(
  workers: readonly AskedWorker[],
  filter: RequestFilter,
  limit: number,
): Promise<FoundRequests> {
  const answers = await Promise.all(workers.map((one) => pagesOf(one, { is: 'requests', filter, limit })))
  const found = answers.flatMap((answer, i) => fromWorker(answer, workers[i]))
  const sorted = found.toSorted((a, b) => b.told.atMs - a.told.atMs)
  const leftOut = answers.reduce((sum, answer) => sum + (answer?.left_out ?? 0), 0)
  return {
    requests: sorted.slice(0, limit).map(({ told, pid }) => foundOf(told, pid)),
    left_out: leftOut + Math.max(0, sorted.length - limit),
    silent: workers.flatMap(({ pid }, i) => (answers[i] === null ? [pid] : [])),
  }
}

/** Null: it is not kept any more. */
export async function oneRequest(workers: readonly AskedWorker[], id: string): Promise<FoundRequest | null> {
  const raw = await rawRequest(workers, id)
  return raw && foundOf(hidden(raw), Number(id.split('-')[0]))
}

/** With all that is secret in its head: for who sends it again. Null: it is not kept any more. */
export async function rawRequest(workers: readonly AskedWorker[], id: string): Promise<ToldRequest | null> {
  const [, pid, seq] = /^([0-9]{1,10})-([0-9]{1,15})$/.exec(id) ?? []
  const worker = workers.find((one) => String(one.pid) === pid)
  if (worker === undefined) return null
  const answer = await answerOf(worker, { is: 'request', seq: Number(seq), isRaw: true })
  return answer?.requests[0] ?? null
}

/** The last ones of all workers with all that is in their heads, for who finds their rules anew. */
export async function rawRequests(workers: readonly AskedWorker[], limit: number): Promise<ToldRequest[]> {
  const question = { is: 'requests', filter: {}, limit, isRaw: true } as const
  const answers = await Promise.all(workers.map((one) => pagesOf(one, question)))
  const all = answers.flatMap((answer) => answer?.requests ?? [])
  return all.toSorted((a, b) => b.atMs - a.atMs).slice(0, limit)
}

/** What a worker has told, and which one it was. */
export const fromWorker = (
  answer: RequestsAnswer | null,
  worker: AskedWorker | undefined,
): { readonly told: ToldRequest; readonly pid: number }[] =>
  (answer?.requests ?? []).map((told) => ({ told, pid: worker?.pid ?? 0 }))

/** Page by page, as each is a moment in which the worker serves nobody. */
async function pagesOf(
  worker: AskedWorker,
  question: Extract<RequestsQuestion, { is: 'requests' }>,
): Promise<RequestsAnswer | null> {
  const requests: ToldRequest[] = []
  for (;;) {
    const before = requests.at(-1)?.seq
    const limit = question.limit - requests.length
    const page = await answerOf(worker, { ...question, limit, ...(before !== undefined && { before }) })
    if (page === null) return requests.length === 0 ? null : { requests, left_out: 0 }
    requests.push(...page.requests)
    const isAll = page.left_out === 0 || page.requests.length === 0 || requests.length >= question.limit
    if (isAll) return { requests, left_out: page.left_out }
  }
}

/** Null: there was none in time. */
export async function answerOf(
  worker: AskedWorker,
  question: RequestsQuestion,
): Promise<RequestsAnswer | null> {
  try {
    return (await worker.ask(question, ANSWER_MS)) as RequestsAnswer | null
  } catch {
    return null
  }
}

export const foundOf = ({ seq, atMs: _at, unseen: _, ...told }: ToldRequest, pid: number): FoundRequest => ({
  id: `${pid}-${seq}`,
  worker: pid,
  ...told,
})

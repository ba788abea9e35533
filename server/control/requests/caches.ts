// What the caches of all workers have stored, and what is taken out of them.
import type { Purge } from '../../cache/purge.ts'
import type { CacheAnswer, CacheQuestion } from '../../cache/questions.ts'
import type { Totals } from '../../telemetry/registry.ts'
import { Counter } from '../../telemetry/series.ts'
import type { AskedWorker } from './gather.ts'

export interface CacheDocument {
  /** For all workers together, in bytes. */
  readonly memory: number
  readonly entries: number
  readonly bytes: number
  readonly workers: readonly (Omit<CacheAnswer, 'removed'> & { readonly worker: number })[]
  /** Requests since the start of the gateway, by what the cache did. */
  readonly rules: readonly { readonly rule: string; readonly requests: Readonly<Record<string, number>> }[]
  /** Workers that did not answer in time. */
  readonly silent: readonly number[]
}

export interface Purged {
  /** Answers that were taken out, at all workers together. */
  readonly removed: number
  readonly silent: readonly number[]
}

const ANSWER_MS = 5000

export async function cacheDocument(
  workers: readonly AskedWorker[],
  totals: Totals,
  memory: number,
): Promise<CacheDocument> {
  const { answers, silent } = await askAll(workers, { is: 'cache' })
  const rules = new Map<string, Record<string, number>>()
  totals.collectAll()
  for (const series of totals.families.get('cache_requests_total')?.series.values() ?? []) {
    if (!(series instanceof Counter)) continue
    const [result = '', rule = ''] = series.labels
    const { value } = series
    rules.set(rule, { ...rules.get(rule), [result]: value })
  }
  return {
    memory,
    entries: answers.reduce((sum, { entries }) => sum + entries, 0),
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    workers: answers.map(({ removed: _, ...figures }) => figures),
    rules: [...rules].map(([rule, requests]) => ({ rule, requests })),
    silent,
  }
}

export async function purgeCaches(
  workers: readonly AskedWorker[],
  purges: readonly Purge[],
): Promise<Purged> {
  const { answers, silent } = await askAll(workers, { is: 'cache_purge', purges })
  return { removed: answers.reduce((sum, { removed }) => sum + removed, 0), silent }
}

interface Asked {
  readonly answers: readonly (CacheAnswer & { readonly worker: number })[]
  readonly silent: readonly number[]
}

async function askAll(workers: readonly AskedWorker[], question: CacheQuestion): Promise<Asked> {
  const all = await Promise.all(workers.map((worker) => answerOf(worker, question)))
  return {
    answers: all.flatMap((answer, i) =>
      answer === null ? [] : [{ ...answer, worker: workers[i]?.pid ?? 0 }],
    ),
    silent: workers.flatMap(({ pid }, i) => (all[i] === null ? [pid] : [])),
  }
}

async function answerOf(worker: AskedWorker, question: CacheQuestion): Promise<CacheAnswer | null> {
  try {
    return (await worker.ask(question, ANSWER_MS)) as CacheAnswer | null
  } catch {
    return null
  }
}

// What a test asks a server of its own through the client, and what it counts of it.
import { readdirSync } from 'node:fs'
import type { AskAnswer, AskFailure, AskLimits, AskRequest, AskTarget } from '../../../server/http1/ask.ts'
import { type Cancel, HttpClient } from '../../../server/http1/client.ts'
import { outboundWorld } from '../../../server/http1/dial-server.ts'
import { Suspects } from '../../../server/lib/address-race.ts'
import { tick } from '../../../server/lib/clock.ts'
import { flush } from '../../../server/lib/stage.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { within } from '../../support/wait.ts'

type Lookup = (host: string, done: (addresses: readonly string[], why: string | null) => void) => void

export interface Asking {
  readonly host?: string
  readonly port: number
  readonly request?: Partial<AskRequest>
  readonly limits?: Partial<AskLimits>
  readonly lookup?: Lookup
  readonly suspects?: Suspects
}

/** As an answer or a failure, whose words are to be looked at. */
export type End = AskAnswer | AskFailure

const literal: Lookup = (host, done) => done([host], null)

export function client(lookup: Lookup = literal, suspects = new Suspects()): HttpClient {
  const wheel = new Wheel(tick, flush)
  wheel.start()
  return new HttpClient(outboundWorld({ resolver: { lookup }, wheel, suspects }))
}

export const targetAt = (port: number, host = '127.0.0.1'): AskTarget => ({
  host,
  port,
  authority: `${host}:${port}`,
  tls: null,
})

export const GET: AskRequest = { method: 'GET', target: '/', fields: [], body: null }
export const LIMITS: AskLimits = { total: 30_000, body: 1024 * 1024 }

/** Begins to ask; how it ends, and a way to give it up. */
export function asking({ host, port, request, limits, lookup, suspects }: Asking): {
  readonly end: Promise<End>
  readonly cancel: Cancel
} {
  const { promise, resolve } = Promise.withResolvers<End>()
  const words = { ...GET, ...request }
  const cancel = client(lookup, suspects).ask(targetAt(port, host), words, { ...LIMITS, ...limits }, resolve)
  return { end: promise, cancel }
}

/** How an asking ends. */
export const ask = (asked: Asking): Promise<End> => within(asking(asked).end, 'the end of an asking')

/** An answer as far as most tests look at it. */
export async function answerOf(asked: Asking): Promise<[status: number, body: string, isCut: boolean]> {
  const end = await ask(asked)
  if (end.is === 'failure') throw new Error(`${end.code}: ${end.words}`)
  return [end.status, end.body.toString('latin1'), end.isCut]
}

export async function failureOf(asked: Asking): Promise<[code: string, phase: string, words: string]> {
  const end = await ask(asked)
  if (end.is === 'answer') throw new Error(`an answer: ${end.status}`)
  return [end.code, end.phase, end.words]
}

/** Descriptors that this process has open. */
export const descriptors = (): number => readdirSync('/proc/self/fd').length
